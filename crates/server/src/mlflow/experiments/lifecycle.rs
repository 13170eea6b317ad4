//! `POST experiments/delete` and `POST experiments/restore`.

use axum::Json;
use axum::extract::State;
use hokusai_core::experiment::Lifecycle;
use hokusai_store::experiments;
use serde_json::{Value, json};

use super::{experiment_id, no_experiment};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::registry::RegistryState;

/// Deletes an experiment with its runs; one that is deleted already is not found, as at the real server.
pub async fn delete(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    change(&state, &params, Lifecycle::Active, Lifecycle::Deleted).await
}

/// Restores a deleted experiment with its runs; one that is not deleted is not found, as at the real server.
pub async fn restore(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    change(&state, &params, Lifecycle::Deleted, Lifecycle::Active).await
}

async fn change(
    state: &RegistryState,
    params: &Params,
    from: Lifecycle,
    to: Lifecycle,
) -> Result<Json<Value>, ApiError> {
    let id = experiment_id(params)?;
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |tx| {
            experiments::get(tx, id)?
                .filter(|experiment| experiment.lifecycle == from)
                .ok_or_else(|| no_experiment(id))?;
            experiments::set_lifecycle(tx, id, to, now_ms).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}
