//! `POST runs/set-tag` and `POST runs/delete-tag`.

use axum::Json;
use axum::extract::State;
use hokusai_store::runs;
use serde_json::{Value, json};

use super::points::read_tag;
use super::{active, set_tags};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::registry::RegistryState;

/// Sets a tag of a run.
pub async fn set_tag(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let run_id = params.run_id()?;
    let tag = read_tag(&params, "")?;
    state
        .store
        .write(move |tx| {
            let run = active(tx, &run_id)?;
            set_tags(tx, &run, std::slice::from_ref(&tag))
        })
        .await?;
    Ok(Json(json!({})))
}

/// Deletes a tag of a run.
pub async fn delete_tag(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let run_id = params.run_id()?;
    let key = params.required_str("key")?;
    state
        .store
        .write(move |tx| {
            let run = active(tx, &run_id)?;
            if runs::delete_tag(tx, &run, &key)? {
                Ok(())
            } else {
                Err(ApiError::missing(format!(
                    "No tag with name: {key} in run with id {run_id}"
                )))
            }
        })
        .await?;
    Ok(Json(json!({})))
}
