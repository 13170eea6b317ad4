//! PostgreSQL: plain threads, each the sole owner of one client.

use std::sync::Arc;
use std::thread::JoinHandle;

use crate::OpenError;
use crate::db::queue::Queue;
use crate::statement::Schema;

/// A PostgreSQL database. `Debug` hides the URL, which may hold a password.
#[derive(Clone)]
pub struct PostgresLocation {
    url: String,
    schema_prefix: String,
}

impl PostgresLocation {
    /// The database at `postgres://…`; schemas are named `<prefix>auth` and `<prefix>registry`.
    pub fn new(url: impl Into<String>, schema_prefix: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema_prefix: schema_prefix.into(),
        }
    }
}

impl std::fmt::Debug for PostgresLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresLocation")
            .field("schema_prefix", &self.schema_prefix)
            .finish_non_exhaustive()
    }
}

/// Connects, migrates and starts the threads.
pub(crate) fn start(
    location: &PostgresLocation,
    schema: Schema,
    connections: usize,
    reads: &Arc<Queue>,
    writes: &Arc<Queue>,
) -> Result<Vec<JoinHandle<()>>, OpenError> {
    let _ = (&location.url, schema, connections, reads, writes);
    Err(OpenError::Connect {
        reason: "PostgreSQL is not there yet".to_owned(),
    })
}
