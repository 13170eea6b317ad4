//! `GET /model-versions/get-artifact`: one file of a version, as MLflow's web UI fetches it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::artifact_uri::ArtifactUri;

use super::get::find;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::artifacts::response;
use crate::mlflow::registered_models::rule;
use crate::registry::RegistryState;

/// Sends a file below a version's root.
pub async fn get_artifact(
    State(state): State<RegistryState>,
    _caller: Caller,
    headers: HeaderMap,
    params: Params,
) -> Response {
    response::guarded(send(&state, &headers, &params).await)
}

async fn send(
    state: &RegistryState,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Response, ApiError> {
    let below: ArtifactPath = params.required_str("path")?.parse().map_err(rule)?;
    let version = find(state, params).await?;
    match version.download_uri.parse() {
        Ok(ArtifactUri::Stored(root)) => {
            response::send_file(state, headers, &root.join(&below)).await
        }
        _ => Err(ApiError::missing(format!(
            "the files of this version are not in this server's store, but at {}",
            version.download_uri
        ))),
    }
}
