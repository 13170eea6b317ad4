//! `GET /api/2.0/mlflow-artifacts/artifacts?path=…`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hokusai_artifacts::Entry;
use hokusai_core::artifact_path::ArtifactPath;
use serde_json::{Value, json};

use super::{refused, response};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::registered_models::rule;
use crate::registry::RegistryState;

/// The names in a directory; a file or a missing directory has none.
pub async fn list(State(state): State<RegistryState>, _caller: Caller, params: Params) -> Response {
    response::guarded(entries(&state, &params).await)
}

async fn entries(state: &RegistryState, params: &Params) -> Result<Response, ApiError> {
    let path = params.opt_str("path")?.filter(|path| !path.is_empty());
    // A directory may be named with a slash at its end.
    let path: Option<ArtifactPath> = path
        .map(|path| {
            path.strip_suffix('/')
                .unwrap_or(&path)
                .parse()
                .map_err(rule)
        })
        .transpose()?;
    let entries = state.artifacts.list(path.as_ref()).await.map_err(refused)?;
    let files: Vec<Value> = entries
        .iter()
        .map(|entry| file_body(&entry.name, entry))
        .collect();
    Ok(Json(if files.is_empty() {
        json!({})
    } else {
        json!({"files": files})
    })
    .into_response())
}

/// One name as clients read it.
pub(super) fn file_body(path: &str, entry: &Entry) -> Value {
    match entry.size_bytes {
        None => json!({"path": path, "is_dir": true}),
        // Zero is unset in protobuf's eyes.
        Some(0) => json!({"path": path, "is_dir": false}),
        Some(size) => json!({"path": path, "is_dir": false, "file_size": size}),
    }
}
