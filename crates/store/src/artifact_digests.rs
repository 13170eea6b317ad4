//! Size and digest of what was uploaded under each path.

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::model::ManifestEntry;

use crate::{StoreError, Tx, params, statements};

statements! {
    Registry;
    /// Records an upload; the last one counts.
    PUT_DIGEST = "INSERT INTO artifact_digests (path, size_bytes, sha256) VALUES ($1, $2, $3) \
        ON CONFLICT (path) DO UPDATE SET size_bytes = excluded.size_bytes, sha256 = excluded.sha256";
    /// Everything below a directory; `$3` is the directory with `0`, the character after `/`.
    DIGESTS_BELOW = "SELECT path, size_bytes, sha256 FROM artifact_digests \
        WHERE path = $1 OR (path > $2 AND path < $3) ORDER BY path";
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
    rows.iter()
        .map(|row| {
            let size_bytes = u64::try_from(row.int(1)?).unwrap_or(0);
            Ok(ManifestEntry {
                path: row.text(0)?,
                size_bytes,
                sha256: row.text(2)?,
            })
        })
        .collect()
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
