//! `POST`, `DELETE` and `GET registered-models/alias`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::{AliasName, ModelVersion};
use hokusai_store::{Tx, model_aliases, model_versions, models};
use serde_json::{Value, json};

use super::{model_name, no_model, rule};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::model_versions::{existing, no_version, version_body, version_number};
use crate::registry::RegistryState;
use crate::registry::event::{Event, record};

/// Points an alias at a version.
pub async fn set_alias(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let alias: AliasName = params.required_str("alias")?.parse().map_err(rule)?;
    alias.check_settable().map_err(rule)?;
    let version = version_number(&params)?;
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |tx| {
            let model_id = existing(tx, &name, version)?;
            model_aliases::set(tx, model_id, &alias, version)?;
            let set = Event::AliasSet(&name, &alias, version);
            record(tx, &caller, now_ms, set).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}

/// Deletes an alias; one that is not there is fine.
pub async fn delete_alias(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let alias: AliasName = params.required_str("alias")?.parse().map_err(rule)?;
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |tx| {
            let model_id = models::id(tx, &name)?.ok_or_else(|| no_model(&name))?;
            if !model_aliases::delete(tx, model_id, &alias)? {
                return Ok(());
            }
            let deleted = Event::AliasDeleted(&name, &alias);
            record(tx, &caller, now_ms, deleted).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}

/// The version that an alias points at; `latest` is the newest.
pub async fn get_by_alias(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let alias: AliasName = params.required_str("alias")?.parse().map_err(rule)?;
    let version = state
        .store
        .read(move |tx| resolve(tx, &name, &alias))
        .await?;
    Ok(Json(json!({"model_version": version_body(&version)})))
}

/// The version that an alias means.
pub(in crate::mlflow) fn resolve(
    tx: &mut dyn Tx,
    name: &hokusai_core::model::ModelName,
    alias: &AliasName,
) -> Result<ModelVersion, ApiError> {
    let model = models::get(tx, name)?.ok_or_else(|| no_model(name))?;
    let version = if alias.is_latest() {
        let newest = model
            .latest_versions
            .iter()
            .map(|version| version.version)
            .max();
        newest.ok_or_else(|| {
            ApiError::missing(format!("Latest version not found for model {name}."))
        })?
    } else {
        let found = model.aliases.iter().find(|(known, _)| known == alias);
        // MLflow says that the parameter is wrong, not that something is missing.
        found
            .map(|found| found.1)
            .ok_or_else(|| rule(format!("Registered model alias {alias} not found.")))?
    };
    model_versions::get(tx, name, version)?.ok_or_else(|| no_version(name, version))
}
