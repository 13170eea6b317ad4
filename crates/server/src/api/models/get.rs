//! `GET /api/models/{name}` and `GET /api/models/{name}/versions/{version}`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::{ModelName, VersionNumber};
use hokusai_store::{Tx, model_versions, models};
use serde_json::Value;

use crate::caller::Caller;
use crate::error::ApiError;
use crate::mlflow::model_versions::{no_version, version_body};
use crate::mlflow::registered_models::{body::model_body, no_model, rule};
use crate::path::Path;
use crate::registry::RegistryState;

/// One model.
pub(super) async fn model(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let name: ModelName = name.parse().map_err(rule)?;
    let get = move |tx: &mut dyn Tx| models::get(tx, &name)?.ok_or_else(|| no_model(&name));
    Ok(Json(model_body(&state.store.read(get).await?)))
}

/// One version.
pub(super) async fn version(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let name: ModelName = name.parse().map_err(rule)?;
    let version: VersionNumber = version.parse().map_err(rule)?;
    let get = move |tx: &mut dyn Tx| {
        model_versions::get(tx, &name, version)?.ok_or_else(|| no_version(&name, version))
    };
    Ok(Json(version_body(&state.store.read(get).await?)))
}
