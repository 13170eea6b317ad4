//! The one thing an operation sees of a database: an open transaction.

use crate::statement::{Bulk, Statement};
use crate::{Columns, Param, Row, StoreError};

/// Which database runs the statement; only `search_sql` and migrations may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The embedded default.
    Sqlite,
    /// A server.
    Postgres,
}

/// An open transaction on either database. It commits when the operation returns `Ok` and rolls back when it returns `Err`.
///
/// An operation may be run more than once (a lost group, a serialization failure), so it must not change anything but the database;
/// what shall happen once goes through [`Tx::after_commit`].
pub trait Tx {
    /// The database behind the transaction.
    fn dialect(&self) -> Dialect;

    /// Runs a statement that returns no rows; answers the number of rows it changed.
    fn execute(&mut self, statement: &Statement, params: &[Param]) -> Result<u64, StoreError>;

    /// Runs a statement and reads all its rows. Listings carry a LIMIT.
    fn query(&mut self, statement: &Statement, params: &[Param]) -> Result<Vec<Row>, StoreError>;

    /// Runs a statement and shows each of its rows to `each`, which copies what it keeps: for what is read most.
    fn visit(
        &mut self,
        statement: &Statement,
        params: &[Param],
        each: &mut dyn FnMut(&dyn Columns) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Inserts many rows with one statement: SQLite repeats the prepared one, PostgreSQL unnests columns.
    ///
    /// With `ON CONFLICT … DO UPDATE` the rows must be unique by the conflict's key (PostgreSQL refuses to touch a row twice).
    fn insert_many(&mut self, bulk: &Bulk, rows: &[Vec<Param>]) -> Result<u64, StoreError>;

    /// Calls `hook` on the storage thread once the transaction is durable, and never if it is not. Caches change here and nowhere else.
    fn after_commit(&mut self, hook: Box<dyn FnOnce() + Send>);
}

impl dyn Tx + '_ {
    /// The first row, if there is one.
    pub fn query_opt(
        &mut self,
        statement: &Statement,
        params: &[Param],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.query(statement, params)?.into_iter().next())
    }

    /// The first row of a statement that always has one (`RETURNING` of an unconditional insert, an aggregate).
    pub fn query_one(
        &mut self,
        statement: &Statement,
        params: &[Param],
    ) -> Result<Row, StoreError> {
        self.query_opt(statement, params)?
            .ok_or_else(|| StoreError::Statement {
                statement: statement.name().to_owned(),
                reason: "it returned no row".to_owned(),
            })
    }
}
