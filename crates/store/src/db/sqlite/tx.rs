//! [`Tx`] over a rusqlite connection.

use rusqlite::types::{ToSql, ToSqlOutput, Value as Sqlite, ValueRef};
use rusqlite::{CachedStatement, Connection};

use super::connection::failure;
use crate::statement::{Bulk, Statement};
use crate::{Columns, Dialect, Param, Row, StoreError, Tx, Value};

/// An open transaction, and what is to happen when it is durable.
pub(super) struct SqliteTx<'c> {
    connection: &'c Connection,
    pub(super) hooks: Vec<Box<dyn FnOnce() + Send>>,
}

impl<'c> SqliteTx<'c> {
    pub(super) const fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            hooks: Vec::new(),
        }
    }

    /// Refuses once the transaction is gone, which SQLite ends by itself when the disk is full: what came after an operation's failed
    /// statement would be committed on its own, whatever the operation is told.
    fn prepare(&self, name: &str, sql: &str) -> Result<CachedStatement<'c>, StoreError> {
        if self.connection.is_autocommit() {
            return Err(StoreError::Full);
        }
        self.connection
            .prepare_cached(sql)
            .map_err(|error| failure(name, &error))
    }
}

impl Tx for SqliteTx<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn execute(&mut self, statement: &Statement, params: &[Param]) -> Result<u64, StoreError> {
        let mut prepared = self.prepare(statement.name(), statement.sqlite())?;
        let changed = prepared
            .execute(rusqlite::params_from_iter(params))
            .map_err(|error| failure(statement.name(), &error))?;
        Ok(changed as u64)
    }

    fn query(&mut self, statement: &Statement, params: &[Param]) -> Result<Vec<Row>, StoreError> {
        let mut prepared = self.prepare(statement.name(), statement.sqlite())?;
        let columns = prepared.column_count();
        let mut rows = prepared
            .query(rusqlite::params_from_iter(params))
            .map_err(|error| failure(statement.name(), &error))?;
        let mut read = Vec::new();
        while let Some(row) = rows
            .next()
            .map_err(|error| failure(statement.name(), &error))?
        {
            let values: Result<Vec<Value>, rusqlite::Error> = (0..columns)
                .map(|column| row.get_ref(column).map(value))
                .collect();
            read.push(Row::new(
                values.map_err(|error| failure(statement.name(), &error))?,
            ));
        }
        Ok(read)
    }

    fn visit(
        &mut self,
        statement: &Statement,
        params: &[Param],
        each: &mut dyn FnMut(&dyn Columns) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut prepared = self.prepare(statement.name(), statement.sqlite())?;
        let mut rows = prepared
            .query(rusqlite::params_from_iter(params))
            .map_err(|error| failure(statement.name(), &error))?;
        while let Some(row) = rows
            .next()
            .map_err(|error| failure(statement.name(), &error))?
        {
            each(row)?;
        }
        Ok(())
    }

    fn insert_many(&mut self, bulk: &Bulk, rows: &[Vec<Param>]) -> Result<u64, StoreError> {
        let mut prepared = self.prepare(bulk.name(), bulk.sqlite())?;
        let mut changed = 0;
        for row in rows {
            changed += prepared
                .execute(rusqlite::params_from_iter(row))
                .map_err(|error| failure(bulk.name(), &error))?;
        }
        Ok(changed as u64)
    }

    fn after_commit(&mut self, hook: Box<dyn FnOnce() + Send>) {
        self.hooks.push(hook);
    }
}

impl Columns for rusqlite::Row<'_> {
    fn int(&self, column: usize) -> Result<i64, StoreError> {
        match self.get_ref(column) {
            Ok(ValueRef::Integer(value)) => Ok(value),
            found => Err(unexpected(column, "an integer", &found)),
        }
    }

    fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.get_ref(column) {
            Ok(ValueRef::Integer(value)) => Ok(Some(value)),
            Ok(ValueRef::Null) => Ok(None),
            found => Err(unexpected(column, "an integer", &found)),
        }
    }

    fn real(&self, column: usize) -> Result<f64, StoreError> {
        match self.get_ref(column) {
            Ok(ValueRef::Real(value)) => Ok(value),
            found => Err(unexpected(column, "a number", &found)),
        }
    }

    fn text(&self, column: usize) -> Result<&str, StoreError> {
        match self.get_ref(column) {
            Ok(ValueRef::Text(value)) => {
                std::str::from_utf8(value).map_err(|_| StoreError::Decode {
                    column,
                    expected: "text",
                    found: "bytes",
                })
            }
            found => Err(unexpected(column, "text", &found)),
        }
    }
}

fn unexpected(
    column: usize,
    expected: &'static str,
    found: &rusqlite::Result<ValueRef<'_>>,
) -> StoreError {
    let found = match found {
        Ok(ValueRef::Null) => "null",
        Ok(ValueRef::Integer(_)) => "an integer",
        Ok(ValueRef::Real(_)) => "a number",
        Ok(ValueRef::Text(_)) => "text",
        Ok(ValueRef::Blob(_)) => "bytes",
        Err(_) => "no column",
    };
    StoreError::Decode {
        column,
        expected,
        found,
    }
}

impl ToSql for Param {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Sqlite::Null),
            Self::Int(value) => ToSqlOutput::Owned(Sqlite::Integer(*value)),
            Self::Real(value) => ToSqlOutput::Owned(Sqlite::Real(*value)),
            Self::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Self::Bytes(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Self::IntList(values) => array(values.iter().map(|value| Sqlite::Integer(*value))),
            Self::TextList(values) => array(values.iter().map(|value| Sqlite::Text(value.clone()))),
        })
    }
}

fn array(values: impl Iterator<Item = Sqlite>) -> ToSqlOutput<'static> {
    // The pointer type is what rusqlite's `rarray` module looks for.
    ToSqlOutput::from_rc(std::rc::Rc::new(values.collect::<Vec<_>>()), c"rarray")
}

fn value(column: ValueRef<'_>) -> Value {
    match column {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(value) => Value::Text(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Blob(value) => Value::Bytes(value.to_vec()),
    }
}
