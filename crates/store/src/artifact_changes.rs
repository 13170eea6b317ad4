//! Artifacts that are about to change, so that replicas which share a database and an object store know of each other: files are
//! in no transaction, and a version must name them as they stay.
//!
//! Whoever notes a change, and whoever makes a version, takes the fence first: one of the two comes later and sees the other.

use hokusai_core::artifact_path::ArtifactPath;

use crate::artifact_digests::bounds;
use crate::{StoreError, Tx, params, statements};

statements! {
    Registry;
    /// The row is locked until the transaction ends.
    TAKE_FENCE = "UPDATE artifact_fence SET taken = taken + 1 WHERE id = 1";
    /// Notes a change.
    NOTE_CHANGE = "INSERT INTO artifact_changes (id, path, until_ms) VALUES ($1, $2, $3)";
    /// The change was made.
    END_CHANGE = "DELETE FROM artifact_changes WHERE id = $1";
    /// The change may still be made until then.
    SHORTEN_CHANGE = "UPDATE artifact_changes SET until_ms = $2 WHERE id = $1";
    /// Changes of replicas that ended before they could say so.
    FORGET_CHANGES = "DELETE FROM artifact_changes WHERE until_ms < $1";
    /// A change of a path, of something above it, or of something below it.
    CHANGE_OF_PATH = "SELECT id FROM artifact_changes \
        WHERE (path = ANY($1) OR (path > $2 AND path < $3)) AND until_ms >= $4 LIMIT 1";
}

/// Waits for whoever notes a change or makes a version, and keeps the others waiting until this transaction ends.
pub fn take_fence(tx: &mut dyn Tx) -> Result<(), StoreError> {
    tx.execute(&TAKE_FENCE, &[])?;
    Ok(())
}

/// Notes that `path` changes, until somebody says that it has or `until_ms` is past. The fence is held.
pub fn note(
    tx: &mut dyn Tx,
    id: &str,
    path: &ArtifactPath,
    now_ms: i64,
    until_ms: i64,
) -> Result<(), StoreError> {
    tx.execute(&FORGET_CHANGES, &params![now_ms])?;
    tx.execute(&NOTE_CHANGE, &params![id, path.as_str(), until_ms])?;
    Ok(())
}

/// The change was made, or will never be.
pub fn end(tx: &mut dyn Tx, id: &str) -> Result<(), StoreError> {
    tx.execute(&END_CHANGE, &params![id])?;
    Ok(())
}

/// The change failed, but a request that was cut off may still arrive until `until_ms`.
pub fn shorten(tx: &mut dyn Tx, id: &str, until_ms: i64) -> Result<(), StoreError> {
    tx.execute(&SHORTEN_CHANGE, &params![id, until_ms])?;
    Ok(())
}

/// Whether something at, above or below `path` changes.
pub fn touches(tx: &mut dyn Tx, path: &ArtifactPath, now_ms: i64) -> Result<bool, StoreError> {
    let ancestors: Vec<String> = path.ancestors().map(str::to_owned).collect();
    let (first, end) = bounds(path);
    let row = tx.query_opt(&CHANGE_OF_PATH, &params![ancestors, first, end, now_ms])?;
    Ok(row.is_some())
}
