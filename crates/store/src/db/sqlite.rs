//! The embedded database: one writer thread with group commit, a few reader threads, one lock file.

mod connection;
mod faults;
mod lock;
mod reader;
mod restoration;
mod snapshot;
mod tx;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::OpenError;
use crate::backup::RESTORING;
use crate::db::queue::{AbandonOnExit, Queue};
use crate::migrate;
use crate::statement::Schema;

pub(crate) use restoration::Restoration;
pub(crate) use snapshot::Snapshot;

/// Opens `<directory>/<schema>.sqlite`, migrates it and starts its threads.
pub(crate) fn start(
    directory: &Path,
    schema: Schema,
    readers: usize,
    reads: &Arc<Queue>,
    writes: &Arc<Queue>,
) -> Result<Vec<JoinHandle<()>>, OpenError> {
    if directory.join(RESTORING).exists() {
        return Err(OpenError::Restoring {
            path: directory.to_owned(),
        });
    }
    lock::private_directory(directory)?;
    let path = directory.join(format!("{}.sqlite", schema.name()));
    let held = lock::hold(&path)?;
    lock::private_file(&path)?;
    let mut sole = connection::writer(&path)?;
    migrate::sqlite(&mut sole, schema)?;

    let mut threads = Vec::new();
    for index in 0..readers.max(1) {
        let connection = connection::reader(&path)?;
        let queue = Arc::clone(reads);
        threads.push(spawn(
            &format!("{}-read-{index}", schema.name()),
            move || {
                reader::serve(&connection, &queue);
            },
        )?);
    }
    let queue = Arc::clone(writes);
    threads.push(spawn(&format!("{}-write", schema.name()), move || {
        // INVARIANT: the lock outlives every use of the writer's connection.
        let _held = held;
        let _abandon = AbandonOnExit(Arc::clone(&queue));
        writer::serve(&sole, &queue);
    })?);
    Ok(threads)
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|error| OpenError::Connect {
            reason: format!("no thread for the database: {error}"),
        })
}
