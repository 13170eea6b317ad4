//! `DELETE registered-models/delete`.

use axum::Json;
use axum::extract::State;
use hokusai_store::models;
use serde_json::{Value, json};

use super::{model_name, no_model};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::registry::RegistryState;
use crate::registry::event::{Event, record};

/// Deletes a registered model with its versions; the artifacts stay.
pub async fn delete(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |tx| {
            if !models::delete(tx, &name)? {
                return Err(no_model(&name));
            }
            record(tx, &caller, now_ms, Event::ModelDeleted(&name)).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}
