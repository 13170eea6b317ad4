//! Size and digest of what was uploaded under each path.

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::model::ManifestEntry;

use crate::{Row, StoreError, Tx, params, statements};

statements! {
    Registry;
    /// Records an upload; the last one counts.
    PUT_DIGEST = "INSERT INTO artifact_digests (path, size_bytes, sha256) VALUES ($1, $2, $3) \
        ON CONFLICT (path) DO UPDATE SET size_bytes = excluded.size_bytes, sha256 = excluded.sha256";
    /// Everything below a directory; `$3` is the directory with `0`, the character after `/`.
    DIGESTS_BELOW = "SELECT path, size_bytes, sha256 FROM artifact_digests \
        WHERE path = $1 OR (path > $2 AND path < $3) ORDER BY path";
    /// The files of every version, with full paths.
    FROZEN = "SELECT v.artifact_path || '/' || f.path, f.size_bytes, f.sha256, f.model_id, f.version FROM model_version_files f \
        JOIN model_versions v ON v.model_id = f.model_id AND v.version = f.version WHERE v.artifact_path IS NOT NULL";
    /// A version with everything that hangs on it.
    DELETE_OWNER = "DELETE FROM model_versions WHERE model_id = $1 AND version = $2";
    /// What all uploads take; PostgreSQL's sum of integers is no integer.
    STORED_BYTES = "SELECT CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) FROM artifact_digests";
    /// The digest is not to be believed until the next upload says it again.
    DOUBT_DIGEST = "UPDATE artifact_digests SET size_bytes = $2, sha256 = '' WHERE path = $1";
    /// Every upload.
    ALL_DIGESTS = "SELECT path, size_bytes, sha256 FROM artifact_digests";
    /// Forgets a path and everything below it.
    DELETE_DIGESTS = "DELETE FROM artifact_digests WHERE path = $1 OR (path > $2 AND path < $3)";
}

/// Records what was uploaded as `path`.
pub fn put(
    tx: &mut dyn Tx,
    path: &ArtifactPath,
    size_bytes: u64,
    sha256: &str,
) -> Result<(), StoreError> {
    let size = i64::try_from(size_bytes).unwrap_or(i64::MAX);
    tx.execute(&PUT_DIGEST, &params![path.as_str(), size, sha256])?;
    Ok(())
}

/// What was uploaded as `path` or below it, with full paths.
pub fn below(tx: &mut dyn Tx, path: &ArtifactPath) -> Result<Vec<ManifestEntry>, StoreError> {
    let (first, end) = bounds(path);
    let rows = tx.query(&DIGESTS_BELOW, &params![path.as_str(), first, end])?;
    rows.iter().map(entry).collect()
}

fn entry(row: &Row) -> Result<ManifestEntry, StoreError> {
    Ok(ManifestEntry {
        path: row.text(0)?,
        size_bytes: u64::try_from(row.int(1)?).unwrap_or(0),
        sha256: row.text(2)?,
    })
}

/// A file that may not change while a version names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// The file, with its full path.
    pub file: ManifestEntry,
    /// The version that names it, by the model's number in this database; numbers of versions are never used again.
    pub owner: (i64, i64),
}

/// The files of every model version.
pub fn frozen(tx: &mut dyn Tx) -> Result<Vec<Frozen>, StoreError> {
    tx.query(&FROZEN, &[])?
        .iter()
        .map(|row| {
            Ok(Frozen {
                file: entry(row)?,
                owner: (row.int(3)?, row.int(4)?),
            })
        })
        .collect()
}

/// Removes a version as its deletion by a client would have.
pub fn delete_owner(tx: &mut dyn Tx, owner: (i64, i64)) -> Result<(), StoreError> {
    tx.execute(&DELETE_OWNER, &params![owner.0, owner.1])?;
    Ok(())
}

/// Everything that was uploaded and acknowledged, with full paths.
pub fn all(tx: &mut dyn Tx) -> Result<Vec<ManifestEntry>, StoreError> {
    tx.query(&ALL_DIGESTS, &[])?.iter().map(entry).collect()
}

/// What all uploads take, in bytes.
pub fn stored_bytes(tx: &mut dyn Tx) -> Result<u64, StoreError> {
    let sums = tx.query(&STORED_BYTES, &[])?;
    let sum = sums.first().map_or(Ok(0), |row| row.int(0))?;
    Ok(u64::try_from(sum).unwrap_or(0))
}

/// Makes the digest of a file that is about to be replaced empty, if there is one: not known until it is put again. Says whether there was.
pub fn doubt(tx: &mut dyn Tx, path: &ArtifactPath, size_bytes: u64) -> Result<bool, StoreError> {
    let size = i64::try_from(size_bytes).unwrap_or(i64::MAX);
    Ok(tx.execute(&DOUBT_DIGEST, &params![path.as_str(), size])? > 0)
}

/// Forgets what was deleted.
pub fn delete(tx: &mut dyn Tx, path: &ArtifactPath) -> Result<(), StoreError> {
    let (first, end) = bounds(path);
    tx.execute(&DELETE_DIGESTS, &params![path.as_str(), first, end])?;
    Ok(())
}

/// What sorts before and after everything below `path`: `/` is followed by `0`.
pub(crate) fn bounds(path: &ArtifactPath) -> (String, String) {
    (format!("{path}/"), format!("{path}0"))
}
