//! `GET experiments/get` and `GET experiments/get-by-name`.

use axum::Json;
use axum::extract::State;
use hokusai_store::experiments;
use serde_json::{Value, json};

use super::body::experiment_body;
use super::{experiment_id, no_experiment};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::registry::RegistryState;

/// Reads an experiment, deleted or not.
pub async fn get(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let id = experiment_id(&params)?;
    let found = state
        .store
        .read(move |tx| experiments::get(tx, id)?.ok_or_else(|| no_experiment(id)))
        .await?;
    Ok(Json(json!({"experiment": experiment_body(&found)})))
}

/// Reads an experiment, deleted or not.
pub async fn get_by_name(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = params.required_str("experiment_name")?;
    let found = state
        .store
        .read(move |tx| {
            experiments::get_by_name(tx, &name)?.ok_or_else(|| {
                ApiError::missing(format!("Could not find experiment with name '{name}'"))
            })
        })
        .await?;
    Ok(Json(json!({"experiment": experiment_body(&found)})))
}
