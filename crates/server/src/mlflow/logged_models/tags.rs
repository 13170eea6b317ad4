//! `PATCH logged-models/{model_id}/tags` and `DELETE logged-models/{model_id}/tags/{key}`.

use axum::Json;
use axum::extract::State;
use hokusai_core::python_text::repr;
use hokusai_store::logged_models;
use serde_json::{Value, json};

use super::{existing, pairs};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::path::Path;
use crate::registry::RegistryState;

/// Sets tags.
pub async fn set_tags(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path(model_id): Path<String>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let tags = pairs(&params, "tags")?;
    state
        .store
        .write(move |tx| {
            existing(tx, &model_id, true)?;
            logged_models::set_tags(tx, &model_id, &tags).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}

/// Deletes a tag.
pub async fn delete_tag(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path((model_id, key)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    state
        .store
        .write(move |tx| {
            existing(tx, &model_id, true)?;
            if logged_models::delete_tag(tx, &model_id, &key)? {
                return Ok(());
            }
            let (key, id) = (repr(&key), repr(&model_id));
            Err(ApiError::missing(format!(
                "No tag with key {key} found for model with ID {id}."
            )))
        })
        .await?;
    Ok(Json(json!({})))
}
