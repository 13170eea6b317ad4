//! Connections and their settings.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::{OpenError, StoreError};

/// The one connection that writes.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // FULL: the WAL is synced at every COMMIT, which is what an acknowledgement promises.
    // 4000 pages between checkpoints: measured 25 % more writes than the default 1000.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 4000;",
        )
        .map_err(|error| refused(&error))?;
    Ok(connection)
}

/// A connection that cannot write.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection
        .execute_batch("PRAGMA query_only = ON;")
        .map_err(|error| refused(&error))?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| refused(&error))?;
    rusqlite::vtab::array::load_module(&connection).map_err(|error| refused(&error))?;
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .map_err(|error| refused(&error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // LIKE is case-sensitive in MLflow's filters and in PostgreSQL, so it is here too.
    connection
        .execute_batch(
            "PRAGMA foreign_keys = ON;
             PRAGMA case_sensitive_like = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -16000;",
        )
        .map_err(|error| refused(&error))?;
    Ok(connection)
}

fn refused(error: &rusqlite::Error) -> OpenError {
    OpenError::Connect {
        reason: error.to_string(),
    }
}

/// The driver's error in the store's words.
pub(super) fn failure(statement: &str, error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode;
    let code = error.sqlite_error().map(|told| told.extended_code);
    // The index of its log could not grow: SQLite does not ask why, and there is one reason.
    if code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
        return StoreError::Full;
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::ReadOnly,
        ) => StoreError::Unavailable {
            reason: error.to_string(),
        },
        _ => StoreError::Statement {
            statement: statement.to_owned(),
            reason: error.to_string(),
        },
    }
}

/// Only a checkpoint or a backup can hold the file against us, and briefly.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// More than all our constant statements; built ones share the rest.
const STATEMENT_CACHE: usize = 256;
