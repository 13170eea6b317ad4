//! The manifest of a tree: path, size and digest of each file.

use std::collections::HashMap;

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::model::ManifestEntry;
use hokusai_store::artifact_digests;

use super::refused;
use crate::error::ApiError;
use crate::registry::RegistryState;

/// The files below a path, and what it was made of.
pub(super) struct Manifest {
    /// Paths relative to it.
    pub(super) files: Vec<ManifestEntry>,
    /// What was recorded of uploads when the files were listed: if it is still so, nothing came in between.
    pub(super) recorded: Vec<ManifestEntry>,
}

/// Lists the files below `root`, with the digests that were recorded on upload; a file without one is read and hashed.
/// The caller holds [`hokusai_artifacts::Artifacts::freezing`].
pub(super) async fn of(state: &RegistryState, root: &ArtifactPath) -> Result<Manifest, ApiError> {
    let below = root.clone();
    let recorded = state
        .store
        .read(move |tx| artifact_digests::below(tx, &below).map_err(ApiError::from))
        .await?;
    let by_path: HashMap<&str, &ManifestEntry> = recorded
        .iter()
        .map(|entry| (entry.path.as_str(), entry))
        .collect();
    let mut files = Vec::new();
    for file in state.artifacts.find(root).await.map_err(refused)? {
        let relative: ArtifactPath = file.path.parse().map_err(|_| unnameable(&file.path))?;
        let path = root.join(&relative);
        let known = by_path
            .get(path.as_str())
            .filter(|entry| entry.size_bytes == file.size_bytes && !entry.sha256.is_empty());
        let sha256 = match known {
            Some(entry) => entry.sha256.clone(),
            None => state.artifacts.digest(&path).await.map_err(refused)?,
        };
        files.push(ManifestEntry {
            path: file.path,
            size_bytes: file.size_bytes,
            sha256,
        });
    }
    Ok(Manifest { files, recorded })
}

fn unnameable(path: &str) -> ApiError {
    ApiError::internal(format!(
        "a file on disk has a name that no upload could have: {path:?}"
    ))
}
