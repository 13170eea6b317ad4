//! The writer thread: group commit.
//!
//! Everything that waits becomes one transaction with one sync; each member stands behind a savepoint, so that a refusal of one
//! leaves the others untouched.

use rusqlite::Connection;

use super::connection::failure;
use super::tx::SqliteTx;
use crate::StoreError;
use crate::db::queue::{Job, Queue, Ran};

/// Runs jobs until the queue is closed and empty.
pub(super) fn serve(connection: &Connection, queue: &Queue) {
    while let Some(group) = queue.take(MOST_PER_GROUP) {
        commit_together(connection, group);
    }
}

fn commit_together(connection: &Connection, mut group: Vec<Box<dyn Job>>) {
    if group.len() == 1 {
        return group
            .into_iter()
            .for_each(|job| commit_alone(connection, job));
    }
    if let Err(error) = command(connection, BEGIN) {
        return refuse(group, &error);
    }
    let mut tx = SqliteTx::new(connection);
    for job in &mut group {
        if run_member(connection, &mut tx, job.as_mut()).is_err() || connection.is_autocommit() {
            // SQLite rolls the whole transaction back on some failures (a full disk among them), and what runs next would
            // commit on its own: nothing of this group is durable, so every member is run again by itself.
            tracing::warn!(
                group.size = group.len(),
                "a group of writes lost its transaction; each is tried again by itself"
            );
            abandon(connection);
            return group
                .into_iter()
                .for_each(|job| commit_alone(connection, job));
        }
    }
    match command(connection, COMMIT) {
        Ok(()) => {
            tx.hooks.into_iter().for_each(|hook| hook());
            for job in group {
                job.finish(Ok(()));
            }
        }
        Err(error) => {
            tracing::warn!(
                group.size = group.len(), error = %error,
                "a group of writes could not be committed; all of it is refused"
            );
            abandon(connection);
            refuse(group, &error);
        }
    }
}

/// Runs one member behind a savepoint. An error means that the transaction as a whole is in doubt.
fn run_member(
    connection: &Connection,
    tx: &mut SqliteTx<'_>,
    job: &mut dyn Job,
) -> Result<(), StoreError> {
    let hooks = tx.hooks.len();
    command(connection, "SAVEPOINT member")?;
    if job.run(tx) == Ran::Failed {
        tx.hooks.truncate(hooks);
        if connection.is_autocommit() {
            return Ok(());
        }
        command(connection, "ROLLBACK TO member")?;
    }
    if connection.is_autocommit() {
        Ok(())
    } else {
        command(connection, "RELEASE member")
    }
}

fn commit_alone(connection: &Connection, mut job: Box<dyn Job>) {
    if let Err(error) = command(connection, BEGIN) {
        return job.finish(Err(error));
    }
    let mut tx = SqliteTx::new(connection);
    let ran = job.run(&mut tx);
    if ran == Ran::Failed || connection.is_autocommit() {
        abandon(connection);
        // A failed job answers with its own refusal; one that thought itself done learns that its transaction is gone.
        return job.finish(Err(StoreError::Full));
    }
    match command(connection, COMMIT) {
        Ok(()) => {
            tx.hooks.into_iter().for_each(|hook| hook());
            job.finish(Ok(()));
        }
        Err(error) => {
            abandon(connection);
            job.finish(Err(error));
        }
    }
}

/// Rolls back what is left of a transaction, if anything is.
fn abandon(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = command(connection, "ROLLBACK")
    {
        tracing::error!(error = %error, "a transaction could not be rolled back");
    }
}

fn refuse(group: Vec<Box<dyn Job>>, error: &StoreError) {
    for job in group {
        job.finish(Err(error.clone()));
    }
}

fn command(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([]))
        .map(drop)
        .map_err(|error| failure(sql, &error))
}

const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";

/// Members of one transaction: enough that a sync is shared by all who wait, few enough that nobody waits for long.
const MOST_PER_GROUP: usize = 512;

#[cfg(test)]
mod tests;
