//! `GET logged-models/{model_id}/artifacts/directories` and `…/files`: the files of a logged model.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::artifact_uri::ArtifactUri;

use super::response;
use super::run::{directory_path, listing};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::logged_models::existing;
use crate::mlflow::registered_models::rule;
use crate::path::Path;
use crate::registry::RegistryState;

/// The names in a directory of a logged model, relative to its artifacts.
pub async fn list_of_logged_model(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path(model_id): Path<String>,
    params: Params,
) -> Response {
    response::guarded(entries(&state, model_id, &params).await)
}

async fn entries(
    state: &RegistryState,
    model_id: String,
    params: &Params,
) -> Result<Response, ApiError> {
    let path = directory_path(params, "artifact_directory_path")?;
    let (uri, root) = root_of(state, model_id).await?;
    listing(state, uri, root, path).await
}

/// Sends a file of a logged model, as MLflow's web UI fetches it.
pub async fn get_of_logged_model(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path(model_id): Path<String>,
    headers: HeaderMap,
    params: Params,
) -> Response {
    response::guarded(file(&state, &headers, model_id, &params).await)
}

async fn file(
    state: &RegistryState,
    headers: &HeaderMap,
    model_id: String,
    params: &Params,
) -> Result<Response, ApiError> {
    let below: ArtifactPath = params
        .required_str("artifact_file_path")?
        .parse()
        .map_err(rule)?;
    let (_, root) = root_of(state, model_id).await?;
    response::send_file(state, headers, &root.join(&below)).await
}

/// The logged model's artifact URI and what it means in our store.
async fn root_of(
    state: &RegistryState,
    model_id: String,
) -> Result<(String, ArtifactPath), ApiError> {
    let model = state
        .store
        .read(move |tx| existing(tx, &model_id, false))
        .await?;
    match model.artifact_uri.parse() {
        Ok(ArtifactUri::Stored(root)) => Ok((model.artifact_uri, root)),
        _ => Err(ApiError::missing(
            "the artifacts of this logged model are not in this server's store",
        )),
    }
}
