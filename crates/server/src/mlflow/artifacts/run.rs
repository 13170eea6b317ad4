//! `GET artifacts/list` and `GET /get-artifact`: the files of a run.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::artifact_uri::ArtifactUri;
use hokusai_store::runs;
use serde_json::{Map, Value};

use super::list::file_body;
use super::{refused, response};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::registered_models::rule;
use crate::registry::RegistryState;

/// The names in a directory of a run, relative to the run's artifacts.
pub async fn list_of_run(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Response {
    response::guarded(entries(&state, &params).await)
}

async fn entries(state: &RegistryState, params: &Params) -> Result<Response, ApiError> {
    let path = directory_path(params, "path")?;
    let (uri, root) = root_of(state, params).await?;
    listing(state, uri, root, path).await
}

/// The directory that a parameter names, with or without a slash at its end; nothing is the root.
pub(super) fn directory_path(
    params: &Params,
    name: &str,
) -> Result<Option<ArtifactPath>, ApiError> {
    let path = params.opt_str(name)?.filter(|path| !path.is_empty());
    path.map(|path| {
        path.strip_suffix('/')
            .unwrap_or(&path)
            .parse()
            .map_err(rule)
    })
    .transpose()
}

/// The names in a directory below `root`, relative to it.
pub(super) async fn listing(
    state: &RegistryState,
    uri: String,
    root: ArtifactPath,
    path: Option<ArtifactPath>,
) -> Result<Response, ApiError> {
    let directory = match &path {
        Some(path) => root.join(path),
        None => root,
    };
    let entries = state
        .artifacts
        .list(Some(&directory))
        .await
        .map_err(refused)?;
    let shown = |name: &str| {
        path.as_ref()
            .map_or_else(|| name.to_owned(), |path| format!("{path}/{name}"))
    };
    let files: Vec<Value> = entries
        .iter()
        .map(|entry| file_body(&shown(&entry.name), entry))
        .collect();
    let mut body = Map::new();
    body.insert("root_uri".to_owned(), uri.into());
    if !files.is_empty() {
        body.insert("files".to_owned(), files.into());
    }
    Ok(Json(Value::from(body)).into_response())
}

/// Sends a file of a run, as MLflow's web UI fetches it.
pub async fn get_of_run(
    State(state): State<RegistryState>,
    _caller: Caller,
    headers: HeaderMap,
    params: Params,
) -> Response {
    response::guarded(file(&state, &headers, &params).await)
}

async fn file(
    state: &RegistryState,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Response, ApiError> {
    let below: ArtifactPath = params.required_str("path")?.parse().map_err(rule)?;
    let (_, root) = root_of(state, params).await?;
    response::send_file(state, headers, &root.join(&below)).await
}

/// The run's artifact URI and what it means in our store.
async fn root_of(
    state: &RegistryState,
    params: &Params,
) -> Result<(String, ArtifactPath), ApiError> {
    let run_id = params.run_id()?;
    let run = state
        .store
        .read(move |tx| {
            let missing = || ApiError::missing(format!("Run with id={run_id} not found"));
            runs::info(tx, &run_id)?.ok_or_else(missing)
        })
        .await?;
    match run.artifact_uri.parse() {
        Ok(ArtifactUri::Stored(root)) => Ok((run.artifact_uri, root)),
        _ => Err(ApiError::missing(
            "the artifacts of this run are not in this server's store",
        )),
    }
}
