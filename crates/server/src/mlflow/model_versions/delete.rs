//! `DELETE model-versions/delete`.

use axum::Json;
use axum::extract::State;
use hokusai_store::model_versions;
use serde_json::{Value, json};

use super::{existing, version_number};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::registered_models::model_name;
use crate::registry::RegistryState;
use crate::registry::event::{Event, record};

/// Deletes a version with its aliases; its number is never used again, and its files may change again.
pub async fn delete(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let version = version_number(&params)?;
    let now_ms = state.clock.now_ms();
    state
        .store
        .write(move |tx| {
            let model_id = existing(tx, &name, version)?;
            model_versions::delete(tx, model_id, version, now_ms)?;
            let deleted = Event::VersionDeleted(&name, version);
            record(tx, &caller, now_ms, deleted).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}
