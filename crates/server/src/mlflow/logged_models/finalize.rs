//! `PATCH logged-models/{model_id}`.

use axum::Json;
use axum::extract::State;
use hokusai_core::logged_model::LoggedModelStatus;
use hokusai_store::logged_models;
use serde_json::{Value, json};

use super::body::model_body;
use super::existing;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, missing};
use crate::mlflow::registered_models::rule;
use crate::path::Path;
use crate::registry::RegistryState;

/// Sets the status: ready, or failed.
pub async fn finalize(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path(model_id): Path<String>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    // The path says it too, but MLflow wants it in the body.
    params.required_str("model_id")?;
    let status = params.value("status").ok_or_else(|| missing("status"))?;
    let status = status
        .as_str()
        .map_or_else(|| status.to_string(), str::to_owned);
    let status: LoggedModelStatus = status.parse().map_err(rule)?;
    let now_ms = state.clock.now_ms();
    let model = state
        .store
        .write(move |tx| {
            existing(tx, &model_id, true)?;
            logged_models::finalize(tx, &model_id, status, now_ms)?;
            existing(tx, &model_id, true)
        })
        .await?;
    Ok(Json(json!({"model": model_body(&model)})))
}
