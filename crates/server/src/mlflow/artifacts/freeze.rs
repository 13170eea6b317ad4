//! Making a version of files: they stay as its manifest says, whichever replica is asked to change them.

use std::sync::Arc;
use std::time::Duration;

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::model::ManifestEntry;
use hokusai_store::{Tx, artifact_changes, artifact_digests};

use super::manifest::{self, Manifest};
use crate::error::ApiError;
use crate::registry::RegistryState;

/// Records something that names the files below `root` as they are. No change of them is under way in any replica when it is
/// recorded, and from then on there is none.
pub(crate) async fn freeze<T, F>(
    state: &RegistryState,
    root: Option<ArtifactPath>,
    record: F,
) -> Result<T, ApiError>
where
    F: Fn(&mut dyn Tx, &[ManifestEntry]) -> Result<T, ApiError> + Send + Sync + 'static,
    T: Send + 'static,
{
    let Some(root) = root else {
        return state.store.write(move |tx| record(tx, &[])).await;
    };
    // INVARIANT: from here until it is recorded no artifact changes in this process; the fence is for the others.
    let _alone = state.artifacts.freezing().await;
    let record = Arc::new(record);
    for _ in 0..MOST_LOOKS {
        if !is_changing(state, &root).await? {
            let manifest = manifest::of(state, &root).await?;
            if let Some(recorded) = try_record(state, &root, manifest, Arc::clone(&record)).await? {
                return Ok(recorded);
            }
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Err(ApiError::busy(format!(
        "files below '{root}' are being changed by somebody else: try again when they are uploaded"
    )))
}

async fn is_changing(state: &RegistryState, root: &ArtifactPath) -> Result<bool, ApiError> {
    if !state.store.is_shared() {
        return Ok(false);
    }
    let (root, now_ms) = (root.clone(), state.clock.now_ms());
    state
        .store
        .read(move |tx| artifact_changes::touches(tx, &root, now_ms).map_err(ApiError::from))
        .await
}

/// None if something changed since the manifest was made.
async fn try_record<T, F>(
    state: &RegistryState,
    root: &ArtifactPath,
    manifest: Manifest,
    record: Arc<F>,
) -> Result<Option<T>, ApiError>
where
    F: Fn(&mut dyn Tx, &[ManifestEntry]) -> Result<T, ApiError> + Send + Sync + 'static,
    T: Send + 'static,
{
    let (root, now_ms) = (root.clone(), state.clock.now_ms());
    let is_shared = state.store.is_shared();
    state
        .store
        .write(move |tx| {
            if is_shared {
                artifact_changes::take_fence(tx)?;
                let is_changing = artifact_changes::touches(tx, &root, now_ms)?;
                if is_changing || artifact_digests::below(tx, &root)? != manifest.recorded {
                    return Ok(None);
                }
            }
            record(tx, &manifest.files).map(Some)
        })
        .await
}

/// Ten seconds: longer than a change that failed stays noted, shorter than clients wait.
const MOST_LOOKS: u32 = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
