//! [`Tx`] over a PostgreSQL connection.

use postgres::error::SqlState;
use postgres::types::ToSql;

use super::session::Session;
use super::values::{Bound, columns, read};
use crate::statement::{Bulk, Statement};
use crate::{Columns, Dialect, Param, Row, StoreError, Tx};

/// An open transaction, what is to happen when it is durable, and whether the database asked to repeat it.
pub(super) struct PostgresTx<'s> {
    session: &'s mut Session,
    pub(super) hooks: Vec<Box<dyn FnOnce() + Send>>,
    pub(super) must_repeat: bool,
    /// The first statement that failed. The server answers COMMIT with a quiet rollback from then on, so it must not be sent.
    pub(super) failed: Option<StoreError>,
}

impl<'s> PostgresTx<'s> {
    pub(super) const fn new(session: &'s mut Session) -> Self {
        Self {
            session,
            hooks: Vec::new(),
            must_repeat: false,
            failed: None,
        }
    }

    fn prepare(&mut self, name: &str, sql: &str) -> Result<postgres::Statement, StoreError> {
        if let Some(prepared) = self.session.prepared.get(sql) {
            return Ok(prepared.clone());
        }
        let prepared = self.session.client.prepare(sql);
        let prepared = prepared.map_err(|error| self.note(name, &error))?;
        if self.session.prepared.len() >= STATEMENT_CACHE {
            self.session.prepared.clear();
        }
        self.session
            .prepared
            .insert(sql.to_owned(), prepared.clone());
        Ok(prepared)
    }

    fn note(&mut self, name: &str, error: &postgres::Error) -> StoreError {
        self.must_repeat |= asks_for_repetition(error);
        let failure = failure(name, error);
        self.failed.get_or_insert_with(|| failure.clone());
        failure
    }
}

impl Tx for PostgresTx<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn execute(&mut self, statement: &Statement, params: &[Param]) -> Result<u64, StoreError> {
        let prepared = self.prepare(statement.name(), statement.postgres())?;
        let bound: Vec<Bound<'_>> = params.iter().map(Bound).collect();
        let bound: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|param| param as _).collect();
        let changed = self.session.client.execute(&prepared, &bound);
        changed.map_err(|error| self.note(statement.name(), &error))
    }

    fn query(&mut self, statement: &Statement, params: &[Param]) -> Result<Vec<Row>, StoreError> {
        let prepared = self.prepare(statement.name(), statement.postgres())?;
        let bound: Vec<Bound<'_>> = params.iter().map(Bound).collect();
        let bound: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|param| param as _).collect();
        let rows = self.session.client.query(&prepared, &bound);
        let rows = rows.map_err(|error| self.note(statement.name(), &error))?;
        rows.iter().map(|row| read(statement.name(), row)).collect()
    }

    fn visit(
        &mut self,
        statement: &Statement,
        params: &[Param],
        each: &mut dyn FnMut(&dyn Columns) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let prepared = self.prepare(statement.name(), statement.postgres())?;
        let bound: Vec<Bound<'_>> = params.iter().map(Bound).collect();
        let bound: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|param| param as _).collect();
        let rows = self.session.client.query(&prepared, &bound);
        let rows = rows.map_err(|error| self.note(statement.name(), &error))?;
        rows.iter().try_for_each(|row| each(row))
    }

    fn insert_many(&mut self, bulk: &Bulk, rows: &[Vec<Param>]) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let prepared = self.prepare(bulk.name(), bulk.postgres())?;
        let columns = columns(bulk, rows)?;
        let bound: Vec<&(dyn ToSql + Sync)> = columns.iter().map(AsRef::as_ref).collect();
        let changed = self.session.client.execute(&prepared, &bound);
        changed.map_err(|error| self.note(bulk.name(), &error))
    }

    fn after_commit(&mut self, hook: Box<dyn FnOnce() + Send>) {
        self.hooks.push(hook);
    }
}

/// A serialization failure (40001) or a deadlock (40P01): the same transaction may succeed when it runs again.
pub(super) fn asks_for_repetition(error: &postgres::Error) -> bool {
    matches!(error.code(), Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED)
}

/// The driver's error in the store's words. Its detail is left out: it quotes values.
pub(super) fn failure(statement: &str, error: &postgres::Error) -> StoreError {
    match error.as_db_error() {
        None => StoreError::Unavailable {
            reason: error.to_string(),
        },
        Some(told) if *told.code() == SqlState::DISK_FULL => StoreError::Full,
        Some(told) if is_passing(told.code().code()) => StoreError::Unavailable {
            reason: told.message().to_owned(),
        },
        Some(told) => StoreError::Statement {
            statement: statement.to_owned(),
            reason: told.message().to_owned(),
        },
    }
}

/// Classes of errors that say something about the moment and nothing about the statement: connections (08), conflicts that
/// repetition did not end (40), resources (53), operators and timeouts (57), a pause in the middle of a transaction (25P03).
fn is_passing(code: &str) -> bool {
    ["08", "25P03", "40", "53", "57"]
        .iter()
        .any(|class| code.starts_with(class))
}

/// More than all our constant statements; built ones share the rest.
const STATEMENT_CACHE: usize = 512;
