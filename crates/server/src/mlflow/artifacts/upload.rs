//! `PUT /api/2.0/mlflow-artifacts/artifacts/{path}`.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use hokusai_core::artifact_path::ArtifactPath;
use hokusai_store::artifact_digests;
use serde_json::json;

use super::authority::may_change;
use super::{refused, response};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::mlflow::registered_models::rule;
use crate::registry::RegistryState;

/// Streams a body into the store and publishes it. The path was decoded once, by the router.
pub async fn upload(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path(path): Path<String>,
    body: Body,
) -> Response {
    response::guarded(store(&state, &path, body).await)
}

async fn store(state: &RegistryState, path: &str, body: Body) -> Result<Response, ApiError> {
    let path: ArtifactPath = path.parse().map_err(rule)?;
    may_change(state, &path).await?;
    let staged = state
        .artifacts
        .receive(&path, body.into_data_stream())
        .await
        .map_err(refused)?;
    let changing = state.artifacts.changing().await;
    // Looked at again: a version may have been created while the body came in.
    may_change(state, &path).await?;
    forget_digest(state, &path).await?;
    let (size_bytes, sha256) = (staged.size_bytes(), staged.sha256().to_owned());
    staged.publish().await.map_err(refused)?;
    state
        .store
        .write(move |tx| {
            artifact_digests::put(tx, &path, size_bytes, &sha256).map_err(ApiError::from)
        })
        .await?;
    drop(changing);
    Ok(Json(json!({})).into_response())
}

/// A file that is about to be replaced loses its digest first: after a crash between the two, a manifest reads the file again in place
/// of believing what was said of its predecessor. The first upload to a path, the usual one, pays one read.
async fn forget_digest(state: &RegistryState, path: &ArtifactPath) -> Result<(), ApiError> {
    let known = path.clone();
    let recorded = state
        .store
        .read(move |tx| artifact_digests::below(tx, &known).map_err(ApiError::from))
        .await?;
    if recorded.is_empty() {
        return Ok(());
    }
    let gone = path.clone();
    state
        .store
        .write(move |tx| artifact_digests::delete(tx, &gone).map_err(ApiError::from))
        .await
}
