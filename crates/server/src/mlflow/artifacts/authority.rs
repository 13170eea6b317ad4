//! Who owns a path, and whether it may change.

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_store::model_versions;

use crate::error::{ApiError, ErrorKind};
use crate::registry::RegistryState;

/// Refuses a change of `path` when no run or logged model owns it, when it is their root or above, or when a model
/// version refers to it.
pub(super) async fn may_change(state: &RegistryState, path: &ArtifactPath) -> Result<(), ApiError> {
    if !lies_below_an_owner(path) {
        return Err(ApiError::missing(format!(
            "no run or logged model owns the artifact path '{path}': upload through the client's log_artifact or log_model"
        )));
    }
    let frozen = path.clone();
    let owner = state
        .store
        .read(move |tx| model_versions::freezer_of(tx, &frozen).map_err(ApiError::from))
        .await?;
    match owner {
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

/// Whether a path is below `…/<run or model>/artifacts`.
fn lies_below_an_owner(path: &ArtifactPath) -> bool {
    let segments: Vec<&str> = path.segments().collect();
    let is_id = |id: &str| {
        let digits = id.strip_prefix("m-").unwrap_or(id);
        digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())
    };
    segments
        .windows(3)
        .any(|part| matches!(part, [id, "artifacts", _] if is_id(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_of_experiments_runs_and_models_have_no_owner() {
        let id = "0123456789abcdef0123456789abcdef";
        let owned = |path: String| lies_below_an_owner(&path.parse().unwrap());
        assert!(owned(format!("1/{id}/artifacts/model/MLmodel")));
        assert!(owned(format!("1/models/m-{id}/artifacts/MLmodel")));
        for path in [
            "1".to_owned(),
            format!("1/{id}"),
            format!("1/{id}/artifacts"),
            format!("1/models/m-{id}/artifacts"),
            "1/x/artifacts/y".to_owned(),
            "loose.txt".to_owned(),
        ] {
            assert!(!owned(path.clone()), "{path}");
        }
    }
}
