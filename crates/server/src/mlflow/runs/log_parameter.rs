//! `POST runs/log-parameter`.

use axum::Json;
use axum::extract::State;
use hokusai_store::runs;
use serde_json::{Value, json};

use super::active;
use super::points::read_param;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::registry::RegistryState;

/// Logs a param; the same value again is fine, another one is refused.
pub async fn log_parameter(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let run_id = params.run_id()?;
    let param = read_param(&params, "")?;
    state
        .store
        .write(move |tx| {
            let run = active(tx, &run_id)?;
            match runs::log_params(tx, &run, std::slice::from_ref(&param))?.first() {
                None => Ok(()),
                Some(conflict) => Err(ApiError::invalid(format!(
                    "Changing param values is not allowed. Param with key='{}' was already logged with value='{}' for \
                     run ID='{run_id}'. Attempted logging new value '{}'.",
                    conflict.key, conflict.old, conflict.new
                ))),
            }
        })
        .await?;
    Ok(Json(json!({})))
}
