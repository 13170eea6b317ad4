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
use crate::registry::event::{Event, record};

/// Deletes an experiment with its runs; one that is deleted already is not found, as at the real server.
pub async fn delete(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    change(&state, caller, &params, Lifecycle::Deleted).await
}

/// Restores a deleted experiment with its runs; one that is not deleted is not found, as at the real server.
pub async fn restore(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    change(&state, caller, &params, Lifecycle::Active).await
}

async fn change(
    state: &RegistryState,
    caller: Caller,
    params: &Params,
    to: Lifecycle,
) -> Result<Json<Value>, ApiError> {
    let id = experiment_id(params)?;
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |tx| {
            experiments::get(tx, id)?
                .filter(|experiment| experiment.lifecycle != to)
                .ok_or_else(|| no_experiment(id))?;
            experiments::set_lifecycle(tx, id, to, now_ms)?;
            record(tx, &caller, now_ms, Event::Experiment(id, to)).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}
