//! `POST experiments/set-experiment-tag` and `POST experiments/delete-experiment-tag`.

use axum::Json;
use axum::extract::State;
use hokusai_core::entity_key::check_key;
use hokusai_core::experiment::check_tag;
use hokusai_store::experiments;
use serde_json::{Value, json};

use super::{active, experiment_id};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::rule;
use crate::registry::RegistryState;

/// Sets a tag of an experiment.
pub async fn set_tag(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let id = experiment_id(&params)?;
    let key = params.required_str("key")?;
    let value = params.opt_str("value")?.unwrap_or_default();
    check_key(&key, "key").map_err(rule)?;
    check_tag(&key, &value).map_err(rule)?;
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |tx| {
            active(tx, id)?;
            experiments::set_tag(tx, id, &key, &value, now_ms).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}

/// Deletes a tag of an experiment.
pub async fn delete_tag(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let id = experiment_id(&params)?;
    let key = params.required_str("key")?;
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |tx| {
            active(tx, id)?;
            if experiments::delete_tag(tx, id, &key, now_ms)? {
                Ok(())
            } else {
                Err(ApiError::missing(format!(
                    "No tag with name: {key} in experiment with id {id}"
                )))
            }
        })
        .await?;
    Ok(Json(json!({})))
}
