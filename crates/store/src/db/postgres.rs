//! PostgreSQL: plain threads, each the sole owner of one client. The synchronous client must be made, used and dropped outside of
//! tokio's tasks, so none ever leaves its thread.

mod catalogue;
mod faults;
mod location;
mod restoration;
mod session;
mod snapshot;
mod tls;
mod tx;
mod values;
pub(crate) mod watcher;
mod worker;

use std::sync::Arc;
use std::thread::JoinHandle;

use crate::db::queue::Queue;
use crate::statement::Schema;
use crate::{OpenError, StoreError, StoreOptions, migrate};

pub use location::PostgresLocation;
pub(crate) use restoration::Restoration;
pub(crate) use snapshot::Snapshot;

/// Connects, migrates and starts the threads: `connections` that read and as many that write.
pub(crate) fn start(
    location: &PostgresLocation,
    options: &StoreOptions,
    watch: watcher::Watch,
    reads: &Arc<Queue>,
    writes: &Arc<Queue>,
) -> Result<Vec<JoinHandle<()>>, OpenError> {
    let schema = options.schema;
    let target = target(location, schema)?;
    // The place comes first: a recovery command must not even migrate below a running server.
    let mut threads = vec![watcher::start(target.clone(), options.is_alone, watch)?];
    bring_up_to_date(target.clone(), schema)?;
    for index in 0..options.connections.max(1) {
        for (queue, kind) in [(reads, worker::Kind::Read), (writes, worker::Kind::Write)] {
            let (target, queue) = (target.clone(), Arc::clone(queue));
            let thread = std::thread::Builder::new()
                .name(format!("{}-pg-{index}", schema.name()))
                .spawn(move || worker::serve(&target, kind, &queue))
                .map_err(|error| OpenError::Connect {
                    reason: error.to_string(),
                })?;
            threads.push(thread);
        }
    }
    Ok(threads)
}

/// How to reach a schema.
fn target(location: &PostgresLocation, schema: Schema) -> Result<session::Target, OpenError> {
    let reach = location.reach()?;
    let tls = reach
        .roots
        .as_ref()
        .map(tls::VerifyingTls::new)
        .transpose()?;
    let name = location.schema_name(schema);
    Ok(session::Target::new(reach.config, tls, name))
}

/// Runs a command that answers nothing.
fn run(client: &mut ::postgres::Client, sql: &str) -> Result<(), StoreError> {
    client
        .batch_execute(sql)
        .map_err(|error| tx::failure(sql, &error))
}

/// Migrates on a thread of its own: the caller's may belong to tokio.
fn bring_up_to_date(target: session::Target, schema: Schema) -> Result<(), OpenError> {
    let thread = std::thread::spawn(move || {
        let mut client = target.connect().map_err(|error| OpenError::Connect {
            reason: session::told(&error),
        })?;
        migrate::postgres(&mut client, &target.schema, schema).map_err(OpenError::from)
    });
    thread.join().unwrap_or_else(|_| {
        Err(OpenError::Connect {
            reason: "the migration failed unexpectedly".to_owned(),
        })
    })
}
