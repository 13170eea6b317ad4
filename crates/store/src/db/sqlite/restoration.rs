//! A copy on its way into an empty directory: prepared in a directory within, moved out of it as the last step.

use std::fs::{DirBuilder, File};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::connection::{self, failure};
use super::tx::SqliteTx;
use super::{faults, lock};
use crate::backup::{Copied, CopyError, OpenCopied, RESTORING};
use crate::statement::Schema;
use crate::{StoreError, Tx};

pub(crate) struct Restoration {
    directory: PathBuf,
    /// The directory and what is above it, as far as it was made.
    made: Vec<PathBuf>,
    schemas: Vec<Schema>,
    is_finished: bool,
}

impl Restoration {
    pub(crate) fn begin(directory: &Path, schemas: &[Copied]) -> Result<Self, CopyError> {
        refuse_in_use(directory)?;
        let missing = directory.ancestors().take_while(|path| !path.exists());
        let made = missing.map(Path::to_owned).collect();
        lock::private_directory(directory)?;
        // Exclusive: of two that begin together one fails here.
        DirBuilder::new()
            .mode(0o700)
            .create(directory.join(RESTORING))
            .map_err(CopyError::file(directory.join(RESTORING)))?;
        Ok(Self {
            directory: directory.to_owned(),
            made,
            schemas: schemas.iter().map(|copied| copied.schema).collect(),
            is_finished: false,
        })
    }

    pub(crate) fn load(&self, open: &mut OpenCopied<'_>) -> Result<(), CopyError> {
        for schema in &self.schemas {
            let path = self.staged(*schema);
            let mut reader =
                open(&file_name(*schema)).map_err(CopyError::file(file_name(*schema)))?;
            lock::private_file(&path)?;
            let mut file = File::create(&path).map_err(CopyError::file(&path))?;
            std::io::copy(&mut reader, &mut file)
                .and_then(|_| file.flush())
                .and_then(|()| file.sync_all())
                .map_err(CopyError::file(file_name(*schema)))?;
        }
        Ok(())
    }

    pub(crate) fn write<T>(
        &self,
        schema: Schema,
        operation: impl Fn(&mut dyn Tx) -> Result<T, StoreError>,
    ) -> Result<T, CopyError> {
        let connection = connection::writer(&self.staged(schema))?;
        run(&connection, "BEGIN IMMEDIATE")?;
        let answer = operation(&mut SqliteTx::new(&connection))?;
        run(&connection, "COMMIT")?;
        connection
            .close()
            .map_err(|(_, error)| failure("close", &error))?;
        Ok(answer)
    }

    pub(crate) fn faults(&self) -> Result<Vec<String>, CopyError> {
        let mut found = Vec::new();
        for schema in &self.schemas {
            let connection = connection::reader(&self.staged(*schema))?;
            for fault in faults::of(&connection)? {
                found.push(format!("{}: {fault}", schema.name()));
            }
        }
        Ok(found)
    }

    pub(crate) fn finish(mut self) -> Result<(), CopyError> {
        for schema in &self.schemas {
            let (from, to) = (self.staged(*schema), self.target(*schema));
            // What the last connection did not move out of the WAL would be lost here; it moves everything when it closes.
            File::open(&from)
                .and_then(|file| file.sync_all())
                .map_err(CopyError::file(&from))?;
            std::fs::rename(&from, &to).map_err(CopyError::file(&to))?;
        }
        sync_directory(&self.directory)?;
        self.is_finished = true;
        let staging = self.directory.join(RESTORING);
        std::fs::remove_dir_all(&staging).map_err(CopyError::file(&staging))?;
        sync_directory(&self.directory)
    }

    fn staged(&self, schema: Schema) -> PathBuf {
        self.directory.join(RESTORING).join(file_name(schema))
    }

    fn target(&self, schema: Schema) -> PathBuf {
        self.directory.join(file_name(schema))
    }
}

impl Drop for Restoration {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        for schema in &self.schemas {
            let _ = std::fs::remove_file(self.target(*schema));
        }
        let _ = std::fs::remove_dir_all(self.directory.join(RESTORING));
        for directory in &self.made {
            // Only if nothing else is in it.
            let _ = std::fs::remove_dir(directory);
        }
    }
}

/// A place that is served from says so; any other that holds something is left alone.
fn refuse_in_use(directory: &Path) -> Result<(), CopyError> {
    for schema in [Schema::Auth, Schema::Registry] {
        let path = directory.join(file_name(schema));
        if path.exists() {
            // Held for a moment only: whoever serves holds it all the time.
            lock::hold(&path)?;
        }
    }
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(CopyError::file(directory)(error)),
    };
    for entry in entries {
        let name = entry.map_err(CopyError::file(directory))?.file_name();
        // A volume's own directory.
        if name != "lost+found" {
            return Err(CopyError::NotEmpty {
                place: format!("`{}`", directory.display()),
            });
        }
    }
    Ok(())
}

fn file_name(schema: Schema) -> String {
    format!("{}.sqlite", schema.name())
}

fn run(connection: &Connection, sql: &str) -> Result<(), CopyError> {
    Ok(connection
        .execute_batch(sql)
        .map_err(|error| failure(sql, &error))?)
}

fn sync_directory(directory: &Path) -> Result<(), CopyError> {
    File::open(directory)
        .and_then(|opened| opened.sync_all())
        .map_err(CopyError::file(directory))
}
