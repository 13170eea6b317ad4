//! Copies of whole databases: taken while servers run, and put back into empty places.
//!
//! `SQLite` is copied page by page, each database as it was at one moment; the registry's moment comes first, so that every key that it
//! shows traces of is in the copy of the auth database. PostgreSQL is copied row by row (`COPY`, binary) with both schemas as they were
//! at one and the same moment. The two forms are not interchangeable.
//!
//! A copy is put back by a [`Restoration`], which leaves nothing behind unless it is finished.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::db::{postgres, sqlite};
use crate::statement::Schema;
use crate::{Location, OpenError, StoreError, Tx};

/// Which database a copy is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file per schema.
    Sqlite,
    /// A file per table.
    Postgres,
}

impl Kind {
    /// The name that manifests carry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
        }
    }

    /// The kind of a location.
    pub const fn of(location: &Location) -> Self {
        match location {
            Location::Sqlite { .. } => Self::Sqlite,
            Location::Postgres(_) => Self::Postgres,
        }
    }
}

/// A schema of a copy, and the last migration that it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Which service's.
    pub schema: Schema,
    /// Its version.
    pub version: i64,
}

/// Why a copy could not be made or put back.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed on the way.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Neither schema is there.
    #[error("there is no database to copy: neither `auth` nor `registry` is there")]
    Absent,
    /// The place where the copy should go is in use.
    #[error("{place} is not empty: a restore never overwrites")]
    NotEmpty {
        /// The directory or the schema.
        place: String,
    },
    /// A file could not be read or written.
    #[error("`{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl CopyError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

/// Both databases, held at the moment of their copy. Readers and writers are not disturbed; space that they free is kept until the
/// snapshot is dropped. Must not be used inside of a tokio task.
pub struct Snapshot(Source);

enum Source {
    Sqlite(sqlite::Snapshot),
    Postgres(Box<postgres::Snapshot>),
}

impl Snapshot {
    /// Holds what is there now.
    pub fn begin(location: &Location) -> Result<Self, CopyError> {
        Ok(Self(match location {
            Location::Sqlite { directory } => Source::Sqlite(sqlite::Snapshot::begin(directory)?),
            Location::Postgres(location) => {
                Source::Postgres(Box::new(postgres::Snapshot::begin(location)?))
            }
        }))
    }

    /// The schemas that are there.
    pub fn schemas(&self) -> &[Copied] {
        match &self.0 {
            Source::Sqlite(source) => source.schemas(),
            Source::Postgres(source) => source.schemas(),
        }
    }

    /// How many bytes a schema takes; about what its copy will have.
    pub fn size_bytes(&mut self, schema: Schema) -> Result<u64, CopyError> {
        match &mut self.0 {
            Source::Sqlite(source) => source.size_bytes(schema),
            Source::Postgres(source) => source.size_bytes(schema),
        }
    }

    /// What the database itself finds wrong, in words; nothing if all is well. Reads everything (SQLite) or every reference between
    /// rows (PostgreSQL).
    pub fn faults(&mut self) -> Result<Vec<String>, CopyError> {
        match &mut self.0 {
            Source::Sqlite(source) => source.faults(),
            Source::Postgres(source) => source.faults(),
        }
    }

    /// Writes the copy's files (mode 0600, not synced) below `directory` and answers their names. `progress` hears of bytes.
    pub fn copy_to(
        &mut self,
        directory: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<String>, CopyError> {
        match &mut self.0 {
            Source::Sqlite(source) => source.copy_to(directory, progress),
            Source::Postgres(source) => source.copy_to(directory, progress),
        }
    }

    /// Runs a read at the moment that is held.
    pub fn read<T>(
        &mut self,
        schema: Schema,
        operation: impl Fn(&mut dyn Tx) -> Result<T, StoreError>,
    ) -> Result<T, CopyError> {
        match &mut self.0 {
            Source::Sqlite(source) => source.read(schema, operation),
            Source::Postgres(source) => source.read(schema, operation),
        }
    }
}

/// Opens a file of a copy by its name. The reader fails at its end if the file is not what was copied.
pub type OpenCopied<'o> = dyn FnMut(&str) -> std::io::Result<Box<dyn Read>> + 'o;

/// A copy on its way into an empty place. Nothing is to be seen of it before [`Restoration::finish`], and nothing is left of it if
/// it is dropped before. Must not be used inside of a tokio task.
pub struct Restoration(Target);

enum Target {
    Sqlite(sqlite::Restoration),
    Postgres(Box<postgres::Restoration>),
}

impl Restoration {
    /// Claims the place: it must be empty, and nobody may serve from it.
    pub fn begin(location: &Location, schemas: &[Copied]) -> Result<Self, CopyError> {
        Ok(Self(match location {
            Location::Sqlite { directory } => {
                Target::Sqlite(sqlite::Restoration::begin(directory, schemas)?)
            }
            Location::Postgres(location) => {
                Target::Postgres(Box::new(postgres::Restoration::begin(location, schemas)?))
            }
        }))
    }

    /// Reads the copy's files, each to its end.
    pub fn load(&mut self, open: &mut OpenCopied<'_>) -> Result<(), CopyError> {
        match &mut self.0 {
            Target::Sqlite(target) => target.load(open),
            Target::Postgres(target) => target.load(open),
        }
    }

    /// Runs a write on what was loaded.
    pub fn write<T>(
        &mut self,
        schema: Schema,
        operation: impl Fn(&mut dyn Tx) -> Result<T, StoreError>,
    ) -> Result<T, CopyError> {
        match &mut self.0 {
            Target::Sqlite(target) => target.write(schema, operation),
            Target::Postgres(target) => target.write(schema, operation),
        }
    }

    /// What the database itself finds wrong in what was loaded, in words; nothing if all is well.
    pub fn faults(&mut self) -> Result<Vec<String>, CopyError> {
        match &mut self.0 {
            Target::Sqlite(target) => target.faults(),
            // Every row went through the same constraints as a row of a client.
            Target::Postgres(_) => Ok(Vec::new()),
        }
    }

    /// Makes it the database of its place; durable when this returns.
    pub fn finish(self) -> Result<(), CopyError> {
        match self.0 {
            Target::Sqlite(target) => target.finish(),
            Target::Postgres(target) => target.finish(),
        }
    }
}

/// Name of the directory in which a restoration prepares itself; while it is there, its surroundings are no database.
pub const RESTORING: &str = ".restoring";
