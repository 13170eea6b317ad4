//! `POST logged-models/{model_id}/params`.

use axum::Json;
use axum::extract::State;
use hokusai_store::logged_models;
use serde_json::{Value, json};

use super::{existing, pairs};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::registered_models::rule;
use crate::path::Path;
use crate::registry::RegistryState;

/// Adds params: all of them, or none.
pub async fn log_params(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path(model_id): Path<String>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    // The path says it too, but MLflow wants it in the body.
    params.required_str("model_id")?;
    let added = pairs(&params, "params")?;
    state
        .store
        .write(move |tx| {
            existing(tx, &model_id, true)?;
            let conflicts = logged_models::add_params(tx, &model_id, &added)?;
            match conflicts.first() {
                None => Ok(()),
                Some(key) => Err(rule(format!(
                    "Changing param values is not allowed. Param with key='{key}' was already logged with another value \
                     for logged model '{model_id}'."
                ))),
            }
        })
        .await?;
    Ok(Json(json!({})))
}
