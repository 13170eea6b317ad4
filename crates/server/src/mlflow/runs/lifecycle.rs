//! `POST runs/delete` and `POST runs/restore`.

use axum::Json;
use axum::extract::State;
use hokusai_core::experiment::Lifecycle;
use hokusai_store::runs;
use serde_json::{Value, json};

use super::no_run;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::registry::RegistryState;
use crate::registry::event::{Event, record};

/// Deletes a run; one that is deleted already is fine.
pub async fn delete(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    change(&state, caller, &params, Lifecycle::Deleted).await
}

/// Restores a run; one that is not deleted is fine.
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
    lifecycle: Lifecycle,
) -> Result<Json<Value>, ApiError> {
    let run_id = params.run_id()?;
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |tx| {
            let run = runs::info(tx, &run_id)?.ok_or_else(|| no_run(&run_id))?;
            runs::set_lifecycle(tx, &run, lifecycle, now_ms)?;
            if run.lifecycle == lifecycle {
                return Ok(());
            }
            let changed = Event::Run(&run_id, lifecycle);
            record(tx, &caller, now_ms, changed).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}
