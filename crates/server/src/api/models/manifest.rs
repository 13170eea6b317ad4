//! `GET /api/models/{name}/versions/{version}/manifest`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::{ManifestEntry, ModelName, VersionNumber};
use hokusai_store::{Tx, model_versions};
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::error::ApiError;
use crate::mlflow::model_versions::no_version;
use crate::mlflow::registered_models::rule;
use crate::path::Path;
use crate::registry::RegistryState;

/// The files of a version as they were when it was created, so that a download can be verified.
pub(super) async fn manifest(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let name: ModelName = name.parse().map_err(rule)?;
    let number: VersionNumber = version.parse().map_err(rule)?;
    let read = move |tx: &mut dyn Tx| {
        let version =
            model_versions::get(tx, &name, number)?.ok_or_else(|| no_version(&name, number))?;
        Ok::<_, ApiError>((version, model_versions::files(tx, &name, number)?))
    };
    let (version, files) = state.store.read(read).await?;
    Ok(Json(json!({
        "name": version.name.as_str(),
        "version": version.version.to_string(),
        "artifact_uri": version.download_uri,
        "files": files.iter().map(file_body).collect::<Vec<_>>(),
    })))
}

fn file_body(file: &ManifestEntry) -> Value {
    json!({"path": file.path, "size_bytes": file.size_bytes, "sha256": file.sha256})
}
