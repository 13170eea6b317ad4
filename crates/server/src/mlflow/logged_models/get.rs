//! `GET logged-models/{model_id}`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::body::model_body;
use super::existing;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::path::Path;
use crate::registry::RegistryState;

/// One logged model; a deleted one only with `allow_deleted`.
pub async fn get(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path(model_id): Path<String>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let allow_deleted = params.opt_bool("allow_deleted")?.unwrap_or(false);
    let model = state
        .store
        .read(move |tx| existing(tx, &model_id, allow_deleted))
        .await?;
    Ok(Json(json!({"model": model_body(&model)})))
}
