//! `PUT /api/2.0/mlflow-artifacts/artifacts/{path}`.

use axum::Json;
use axum::body::{Body, HttpBody as _};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hokusai_artifacts::{ArtifactError, Limits, StagedUpload};
use hokusai_core::artifact_path::ArtifactPath;
use hokusai_store::artifact_digests;
use serde_json::json;

use super::authority::may_change;
use super::change::Change;
use super::{refused, response};
use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};
use crate::mlflow::registered_models::rule;
use crate::path::Path;
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
    let staged = receive(state, &path, body).await.inspect_err(|error| {
        if error.kind() == ErrorKind::NoSpace {
            state.uploads.count_refusal();
        }
    })?;
    // On a task of its own: a client that goes away now must not leave half of it.
    let (state, path) = (state.clone(), path.clone());
    let replaced = tokio::spawn(async move { replace(&state, &path, staged).await });
    replaced
        .await
        .map_err(|ended| ApiError::internal(ended.to_string()))??;
    Ok(Json(json!({})).into_response())
}

async fn replace(
    state: &RegistryState,
    path: &ArtifactPath,
    staged: StagedUpload,
) -> Result<(), ApiError> {
    let changing = state.artifacts.changing().await;
    // Looked at again: a version may have been created while the body came in.
    let change = Change::begin(state, path).await?;
    let outcome = publish(state, path, staged, &change).await;
    if outcome.is_err() {
        change.fail(state).await;
    }
    drop(changing);
    outcome
}

/// Makes the file visible and records its digest.
async fn publish(
    state: &RegistryState,
    path: &ArtifactPath,
    staged: StagedUpload,
    change: &Change,
) -> Result<(), ApiError> {
    let (size_bytes, sha256) = (staged.size_bytes(), staged.sha256().to_owned());
    let replaces = doubt_digest(state, path, size_bytes).await?;
    staged.publish().await.map_err(refused)?;
    let (recorded, ended) = (path.clone(), change.clone());
    let outcome = state
        .store
        .write(move |tx| {
            artifact_digests::put(tx, &recorded, size_bytes, &sha256)?;
            ended.end(tx)
        })
        .await;
    match outcome {
        Ok(()) => Ok(()),
        Err(error) => {
            unrecorded(state, path, replaces, error).await?;
            change.clone().fail(state).await;
            Ok(())
        }
    }
}

/// Takes the body into the store. One that says how long it is and does not fit is refused before any of it is read.
async fn receive(
    state: &RegistryState,
    path: &ArtifactPath,
    body: Body,
) -> Result<StagedUpload, ApiError> {
    let (store, clock) = (&state.store, state.clock.as_ref());
    if let Some(announced) = body.size_hint().exact() {
        let limit_bytes = Limits::MAX_UPLOAD_BYTES;
        if announced > limit_bytes {
            return Err(refused(ArtifactError::TooLarge { limit_bytes }));
        }
        let space = state.artifacts.space();
        space
            .map_or(Ok(()), |space| space.room_for(announced))
            .map_err(refused)?;
        state.uploads.room_for(announced, store, clock).await?;
    }
    let staged = state
        .artifacts
        .receive(path, body.into_data_stream())
        .await
        .map_err(refused)?;
    state
        .uploads
        .take(staged.size_bytes(), store, clock)
        .await?;
    Ok(staged)
}

/// A file that is about to be replaced loses its digest first, not its row: after a crash between the two, a manifest reads the file
/// again in place of believing what was said of its predecessor. The first upload to a path, the usual one, pays one read.
async fn doubt_digest(
    state: &RegistryState,
    path: &ArtifactPath,
    size_bytes: u64,
) -> Result<bool, ApiError> {
    let known = path.clone();
    let recorded = state
        .store
        .read(move |tx| artifact_digests::below(tx, &known).map_err(ApiError::from))
        .await?;
    if recorded.is_empty() {
        return Ok(false);
    }
    let doubted = path.clone();
    state
        .store
        .write(move |tx| artifact_digests::doubt(tx, &doubted, size_bytes).map_err(ApiError::from))
        .await
}

/// The file is there and the database would not take its digest. A new file goes again, so that who is told "failed" finds nothing, unless
/// its row may be there. One that replaced another stays: its row is there, and only its digest has to be computed again when somebody asks for it.
async fn unrecorded(
    state: &RegistryState,
    path: &ArtifactPath,
    replaces: bool,
    error: ApiError,
) -> Result<(), ApiError> {
    if replaces {
        tracing::warn!(artifact.path = %path, error = error.message(), "an upload's digest could not be recorded; it is computed when it is needed");
        return Ok(());
    }
    if error.is_outcome_unknown() {
        return Err(error);
    }
    if let Err(stays) = state.artifacts.delete(path).await {
        tracing::error!(artifact.path = %path, error = %stays, "an upload that was refused could not be removed");
    }
    Err(error)
}
