//! `POST registered-models/rename`.

use axum::Json;
use axum::extract::State;
use hokusai_store::models;
use serde_json::{Value, json};

use super::body::model_body;
use super::{model_name, no_model};
use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};
use crate::json::Params;
use crate::registry::RegistryState;
use crate::registry::event::{Event, record};

/// Renames a registered model.
pub async fn rename(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let new_name = model_name(&params, "new_name")?;
    let now_ms = state.clock.now_ms();
    let model = state
        .store
        .write(move |tx| {
            let id = models::id(tx, &name)?.ok_or_else(|| no_model(&name))?;
            if models::id(tx, &new_name)?.is_some_and(|other| other != id) {
                let message = format!("Registered Model (name={new_name}) already exists.");
                return Err(ApiError::new(ErrorKind::AlreadyExists, message));
            }
            models::rename(tx, id, &new_name, now_ms)?;
            let renamed = Event::ModelRenamed {
                from: &name,
                to: &new_name,
            };
            record(tx, &caller, now_ms, renamed)?;
            models::get(tx, &new_name)?.ok_or_else(|| no_model(&new_name))
        })
        .await?;
    Ok(Json(json!({"registered_model": model_body(&model)})))
}
