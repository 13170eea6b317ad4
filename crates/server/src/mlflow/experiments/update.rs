//! `POST experiments/update`.

use axum::Json;
use axum::extract::State;
use hokusai_core::experiment::{Lifecycle, check_name};
use hokusai_store::experiments;
use serde_json::{Value, json};

use super::create::taken;
use super::{experiment_id, no_experiment};
use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};
use crate::json::Params;
use crate::mlflow::rule;
use crate::registry::RegistryState;

/// Renames an experiment.
pub async fn update(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let id = experiment_id(&params)?;
    let name = params.required_str("new_name")?;
    check_name(&name).map_err(rule)?;
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |tx| {
            let experiment = experiments::get(tx, id)?.ok_or_else(|| no_experiment(id))?;
            if experiment.lifecycle != Lifecycle::Active {
                return Err(ApiError::new(
                    ErrorKind::InvalidState,
                    "Cannot rename a non-active experiment.",
                ));
            }
            if experiments::rename(tx, id, &name, now_ms)? {
                Ok(())
            } else {
                Err(taken(&name))
            }
        })
        .await?;
    Ok(Json(json!({})))
}
