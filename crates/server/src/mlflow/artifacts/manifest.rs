//! The manifest of a tree: path, size and digest of each file.

use std::collections::HashMap;

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::model::ManifestEntry;
use hokusai_store::artifact_digests;

use super::refused;
use crate::error::ApiError;
use crate::registry::RegistryState;

/// Lists the files below `root`, with the digests that were recorded on upload; a file without one is read and hashed.
/// The caller holds [`hokusai_artifacts::Artifacts::freezing`].
pub(crate) async fn of(
    state: &RegistryState,
    root: &ArtifactPath,
) -> Result<Vec<ManifestEntry>, ApiError> {
    let below = root.clone();
    let recorded = state
        .store
        .read(move |tx| artifact_digests::below(tx, &below).map_err(ApiError::from))
        .await?;
    let recorded: HashMap<String, ManifestEntry> = recorded
        .into_iter()
        .map(|entry| (entry.path.clone(), entry))
        .collect();
    let mut manifest = Vec::new();
    for file in state.artifacts.find(root).await.map_err(refused)? {
        let relative: ArtifactPath = file.path.parse().map_err(|_| unnameable(&file.path))?;
        let path = root.join(&relative);
        let known = recorded
            .get(path.as_str())
            .filter(|entry| entry.size_bytes == file.size_bytes && !entry.sha256.is_empty());
        let sha256 = match known {
            Some(entry) => entry.sha256.clone(),
            None => state.artifacts.digest(&path).await.map_err(refused)?,
        };
        manifest.push(ManifestEntry {
            path: file.path,
            size_bytes: file.size_bytes,
            sha256,
        });
    }
    Ok(manifest)
}

fn unnameable(path: &str) -> ApiError {
    ApiError::internal(format!(
        "a file on disk has a name that no upload could have: {path:?}"
    ))
}
