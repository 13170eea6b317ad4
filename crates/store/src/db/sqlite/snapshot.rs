//! Copies of the embedded databases through `SQLite`'s own backup, out of read transactions that were all begun first.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OptionalExtension as _};

use super::connection::{self, failure};
use super::tx::SqliteTx;
use super::{faults, lock};
use crate::backup::{Copied, CopyError};
use crate::statement::Schema;
use crate::{StoreError, Tx};

/// A read transaction on each database that is there.
pub(crate) struct Snapshot {
    held: Vec<Connection>,
    schemas: Vec<Copied>,
}

impl Snapshot {
    pub(crate) fn begin(directory: &Path) -> Result<Self, CopyError> {
        let (mut held, mut schemas) = (Vec::new(), Vec::new());
        // The registry first: what it shows of keys is then in the later moment of the auth database.
        for schema in [Schema::Registry, Schema::Auth] {
            let path = directory.join(format!("{}.sqlite", schema.name()));
            if !path.exists() {
                continue;
            }
            let connection = connection::reader(&path)?;
            if let Some(version) = hold(&connection)? {
                held.push(connection);
                schemas.push(Copied { schema, version });
            }
        }
        if held.is_empty() {
            return Err(CopyError::Absent);
        }
        Ok(Self { held, schemas })
    }

    pub(crate) fn schemas(&self) -> &[Copied] {
        &self.schemas
    }

    pub(crate) fn size_bytes(&self, schema: Schema) -> Result<u64, CopyError> {
        let bytes: i64 = self
            .connection(schema)?
            .query_row(SIZE, [], |row| row.get(0))
            .map_err(|error| failure(SIZE, &error))?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }

    pub(crate) fn faults(&self) -> Result<Vec<String>, CopyError> {
        let mut found = Vec::new();
        for (connection, copied) in self.held.iter().zip(&self.schemas) {
            let faults = faults::of(connection)?.into_iter();
            found.extend(faults.map(|fault| format!("{}: {fault}", copied.schema.name())));
        }
        Ok(found)
    }

    pub(crate) fn copy_to(
        &self,
        directory: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<String>, CopyError> {
        let mut names = Vec::new();
        for (connection, copied) in self.held.iter().zip(&self.schemas) {
            let name = format!("{}.sqlite", copied.schema.name());
            let path = directory.join(&name);
            lock::private_file(&path)?;
            copy(connection, &path, progress)?;
            names.push(name);
        }
        Ok(names)
    }

    pub(crate) fn read<T>(
        &self,
        schema: Schema,
        operation: impl Fn(&mut dyn Tx) -> Result<T, StoreError>,
    ) -> Result<T, CopyError> {
        Ok(operation(&mut SqliteTx::new(self.connection(schema)?))?)
    }

    fn connection(&self, schema: Schema) -> Result<&Connection, CopyError> {
        let mut found = self.held.iter().zip(&self.schemas);
        found
            .find(|(_, copied)| copied.schema == schema)
            .map(|(connection, _)| connection)
            .ok_or(CopyError::Absent)
    }
}

/// Begins the read transaction; answers the version of what it sees, or nothing if no server ever finished making it.
fn hold(connection: &Connection) -> Result<Option<i64>, StoreError> {
    connection
        .execute_batch("BEGIN DEFERRED")
        .map_err(|error| failure("BEGIN", &error))?;
    // Only a first read takes hold of a moment.
    let ledger: Option<i64> = connection
        .query_row(LEDGER, [], |row| row.get(0))
        .optional()
        .map_err(|error| failure(LEDGER, &error))?;
    if ledger.is_none() {
        return Ok(None);
    }
    connection
        .query_row(VERSION, [], |row| row.get(0))
        .map_err(|error| failure(VERSION, &error))
}

/// The source's open transaction is used by the copy, so that writers of other processes never make it begin anew.
fn copy(source: &Connection, path: &Path, progress: &mut dyn FnMut(u64)) -> Result<(), CopyError> {
    let failed = |error: rusqlite::Error| CopyError::from(failure("backup", &error));
    let mut target = Connection::open(path).map_err(failed)?;
    // The caller syncs the file when it is whole; before that it is worth nothing.
    target
        .execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;")
        .map_err(failed)?;
    let page: i64 = source
        .query_row("PRAGMA page_size", [], |row| row.get(0))
        .map_err(failed)?;
    let page = u64::try_from(page).unwrap_or(0);
    {
        let backup = Backup::new(source, &mut target).map_err(failed)?;
        loop {
            let step = backup.step(PAGES_PER_STEP).map_err(failed)?;
            progress(page * u64::try_from(PAGES_PER_STEP).unwrap_or(0));
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ => {
                    return Err(CopyError::from(StoreError::Unavailable {
                        reason: "the copy is locked by another process".to_owned(),
                    }));
                }
            }
        }
    }
    target.close().map_err(|(_, error)| failed(error))
}

/// 4 MiB of usual pages: smooth progress, and few calls.
const PAGES_PER_STEP: i32 = 1024;

const LEDGER: &str = "SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'";
const VERSION: &str = "SELECT max(version) FROM schema_migrations";
const SIZE: &str = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
