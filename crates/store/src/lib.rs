//! All SQL of Hokusai, for SQLite and for PostgreSQL, and nothing else.
//!
//! An *operation* is a plain synchronous function over [`Tx`]: it runs inside one transaction, on a thread that owns its
//! connection, and is written once for both databases. Callers never see a connection: they hand [`Store::read`] or
//! [`Store::write`] a closure and await its answer.
//!
//! What this crate must not do: decide (rules live in `hokusai-core`), speak HTTP, or hold state beyond the databases.
//!
//! # To add an operation
//! 1. Put its SQL in a [`statements!`] block at the top of the module of its table, with `$1` placeholders.
//! 2. Write the function beside it: `pub fn get(tx: &mut dyn Tx, id: &RunId) -> Result<Option<Run>, StoreError>`.
//! 3. A new module adds its `ALL` to [`statement::every`]; the test that prepares every statement on both databases then covers it.
//! 4. A new table is a new numbered file in `migrations/<schema>/{sqlite,postgres}/`, listed in [`mod@migrate`].
//!
//! The two databases meet in `db/` and nowhere else; only `search_sql` and `db/` build SQL at run time.

pub mod artifact_changes;
pub mod artifact_digests;
pub mod audit;
pub mod backup;
pub mod batch;
mod db;
mod error;
pub mod experiments;
pub mod keys;
pub mod logged_model_metrics;
pub mod logged_models;
pub mod metrics;
pub mod migrate;
pub mod model_aliases;
pub mod model_versions;
pub mod models;
mod param;
mod row;
pub mod run_inputs;
pub mod runs;
pub mod search_sql;
pub mod statement;
mod store;
mod tx;
pub mod usage;

pub use db::postgres::PostgresLocation;
pub use error::StoreError;
pub use param::Param;
pub use row::{Columns, Row, Value};
pub use store::{Location, OpenError, Store, StoreOptions};
pub use tx::{Dialect, Tx};
