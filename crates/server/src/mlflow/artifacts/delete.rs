//! `DELETE /api/2.0/mlflow-artifacts/artifacts/{path}`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hokusai_artifacts::ArtifactError;
use hokusai_core::artifact_path::ArtifactPath;
use hokusai_store::artifact_digests;
use serde_json::json;

use super::change::Change;
use super::{refused, response};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::mlflow::registered_models::rule;
use crate::path::Path;
use crate::registry::RegistryState;
use crate::registry::event::{Event, record};

/// Deletes a file, or a directory with all that is in it.
pub async fn delete(
    State(state): State<RegistryState>,
    caller: Caller,
    Path(path): Path<String>,
) -> Response {
    // On a task of its own: a client that goes away now must not leave half of it.
    let removed = tokio::spawn(async move { remove(&state, caller, &path).await }).await;
    let ended = removed.map_err(|ended| ApiError::internal(ended.to_string()));
    response::guarded(ended.flatten())
}

async fn remove(state: &RegistryState, caller: Caller, path: &str) -> Result<Response, ApiError> {
    let path: ArtifactPath = path.parse().map_err(rule)?;
    let changing = state.artifacts.changing().await;
    let change = Change::begin(state, &path).await?;
    if let Err(error) = record_and_delete(state, caller, &path).await {
        change.fail(state).await;
        return Err(error);
    }
    change.made(state).await?;
    drop(changing);
    Ok(Json(json!({})).into_response())
}

async fn record_and_delete(
    state: &RegistryState,
    caller: Caller,
    path: &ArtifactPath,
) -> Result<(), ApiError> {
    let (now_ms, doomed) = (state.clock.now_ms(), path.clone());
    // Files are in no transaction: after a crash the log may name one that is still there, but none is gone that it does not name.
    state
        .store
        .write(move |tx| {
            artifact_digests::delete(tx, &doomed)?;
            let deleted = Event::ArtifactDeleted(&doomed);
            record(tx, &caller, now_ms, deleted).map_err(ApiError::from)
        })
        .await?;
    match state.artifacts.delete(path).await {
        // What is not there is deleted already, as at MLflow.
        Ok(()) | Err(ArtifactError::NotFound) => Ok(()),
        Err(other) => Err(refused(other)),
    }
}
