//! A reader thread: one read-only transaction per job.

use rusqlite::Connection;

use super::connection::failure;
use super::tx::SqliteTx;
use crate::StoreError;
use crate::db::queue::{Job, Queue};

/// Runs jobs until the queue is closed and empty.
pub(super) fn serve(connection: &Connection, queue: &Queue) {
    while let Some(jobs) = queue.take(1) {
        for job in jobs {
            run(connection, job);
        }
    }
}

fn run(connection: &Connection, mut job: Box<dyn Job>) {
    if let Err(error) = command(connection, "BEGIN DEFERRED") {
        return job.finish(Err(error));
    }
    job.run(&mut SqliteTx::new(connection));
    // ROLLBACK ends a read as well as COMMIT does, and cannot fail on what a bug wrote.
    job.finish(command(connection, "ROLLBACK"));
}

fn command(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([]))
        .map(drop)
        .map_err(|error| failure(sql, &error))
}
