//! Who owns a path, and whether it may change.

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::artifact_uri::ArtifactUri;
use hokusai_store::{Tx, logged_models, model_versions, runs};

use crate::error::{ApiError, ErrorKind};
use crate::registry::RegistryState;

/// Refuses a change of `path` when no run or logged model owns it, when it is their root or above, or when a model
/// version refers to it.
pub(super) async fn may_change(state: &RegistryState, path: &ArtifactPath) -> Result<(), ApiError> {
    let path = path.clone();
    state.store.read(move |tx| check(tx, &path)).await
}

/// The same, in a transaction.
pub(super) fn check(tx: &mut dyn Tx, path: &ArtifactPath) -> Result<(), ApiError> {
    if !has_owner(tx, path)? {
        return Err(ApiError::missing(format!(
            "no run or logged model owns the artifact path '{path}': upload through the client's log_artifact or log_model"
        )));
    }
    match model_versions::freezer_of(tx, path)? {
        None => Ok(()),
        Some((name, version)) => Err(ApiError::new(
            ErrorKind::InvalidState,
            format!(
                "the artifact path '{path}' belongs to version {version} of model '{name}' and can't be changed: \
                 log a new model and register it as the next version"
            ),
        )),
    }
}

/// Whether a path is below the artifacts of a run or logged model that exists: `…/<id>/artifacts/…`, where the owner
/// with that id says that its artifacts are there.
fn has_owner(tx: &mut dyn Tx, path: &ArtifactPath) -> Result<bool, ApiError> {
    let segments: Vec<&str> = path.segments().collect();
    for (index, part) in segments.windows(3).enumerate() {
        let [id, "artifacts", _] = part else { continue };
        let root = segments
            .iter()
            .take(index + 2)
            .copied()
            .collect::<Vec<_>>()
            .join("/");
        let uri = match runs::info(tx, id)? {
            Some(run) => Some(run.artifact_uri),
            None => logged_models::get(tx, id, true)?.map(|model| model.artifact_uri),
        };
        let owned = uri.and_then(|uri| uri.parse().ok());
        if matches!(owned, Some(ArtifactUri::Stored(owned)) if owned.as_str() == root) {
            return Ok(true);
        }
    }
    Ok(false)
}
