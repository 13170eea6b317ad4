//! `GET registered-models/get`.

use axum::Json;
use axum::extract::State;
use hokusai_store::models;
use serde_json::{Value, json};

use super::body::model_body;
use super::{model_name, no_model};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::registry::RegistryState;

/// One registered model.
pub async fn get(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let model = state
        .store
        .read(move |tx| models::get(tx, &name)?.ok_or_else(|| no_model(&name)))
        .await?;
    Ok(Json(json!({"registered_model": model_body(&model)})))
}
