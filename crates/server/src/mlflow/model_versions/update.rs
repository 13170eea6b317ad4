//! `PATCH model-versions/update`.

use axum::Json;
use axum::extract::State;
use hokusai_core::text_limit;
use hokusai_store::model_versions;
use serde_json::{Value, json};

use super::{existing, no_version, version_body, version_number};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::registered_models::model_name;
use crate::registry::RegistryState;

/// Sets the description.
pub async fn update(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let version = version_number(&params)?;
    let description = params.opt_text("description", text_limit::DESCRIPTION)?;
    let now_ms = state.clock.now_ms();
    let version = state
        .store
        .write(move |tx| {
            let model_id = existing(tx, &name, version)?;
            model_versions::describe(tx, model_id, version, description.as_deref(), now_ms)?;
            model_versions::get(tx, &name, version)?.ok_or_else(|| no_version(&name, version))
        })
        .await?;
    Ok(Json(json!({"model_version": version_body(&version)})))
}
