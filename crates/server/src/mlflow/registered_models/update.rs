//! `PATCH registered-models/update`.

use axum::Json;
use axum::extract::State;
use hokusai_core::text_limit;
use hokusai_store::models;
use serde_json::{Value, json};

use super::body::model_body;
use super::{model_name, no_model};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::registry::RegistryState;

/// Sets the description.
pub async fn update(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let description = params
        .opt_text("description", text_limit::DESCRIPTION)?
        .unwrap_or_default();
    let now_ms = state.clock.now_ms();
    let model = state
        .store
        .write(move |tx| {
            models::describe(tx, &name, &description, now_ms)?;
            models::get(tx, &name)?.ok_or_else(|| no_model(&name))
        })
        .await?;
    Ok(Json(json!({"registered_model": model_body(&model)})))
}
