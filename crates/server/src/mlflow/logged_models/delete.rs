//! `DELETE logged-models/{model_id}`.

use axum::Json;
use axum::extract::State;
use hokusai_store::logged_models;
use serde_json::{Value, json};

use super::existing;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::path::Path;
use crate::registry::RegistryState;
use crate::registry::event::{Event, record};

/// Marks a logged model as deleted; its files stay.
pub async fn delete(
    State(state): State<RegistryState>,
    caller: Caller,
    Path(model_id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |tx| {
            existing(tx, &model_id, true)?;
            if !logged_models::delete(tx, &model_id, now_ms)? {
                return Ok(());
            }
            let deleted = Event::LoggedModelDeleted(&model_id);
            record(tx, &caller, now_ms, deleted).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}
