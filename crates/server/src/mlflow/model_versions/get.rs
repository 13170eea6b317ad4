//! `GET model-versions/get` and `GET model-versions/get-download-uri`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::ModelVersion;
use hokusai_store::model_versions;
use serde_json::{Value, json};

use super::{no_version, version_body, version_number};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::registered_models::model_name;
use crate::registry::RegistryState;

/// One version.
pub async fn get(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let version = find(&state, &params).await?;
    Ok(Json(json!({"model_version": version_body(&version)})))
}

/// Where a version's files are.
pub async fn download_uri(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let version = find(&state, &params).await?;
    Ok(Json(json!({"artifact_uri": version.download_uri})))
}

/// The version that a request names.
pub(super) async fn find(state: &RegistryState, params: &Params) -> Result<ModelVersion, ApiError> {
    let name = model_name(params, "name")?;
    let version = version_number(params)?;
    let get = move |tx: &mut dyn hokusai_store::Tx| {
        model_versions::get(tx, &name, version)?.ok_or_else(|| no_version(&name, version))
    };
    state.store.read(get).await
}
