//! `POST model-versions/set-tag` and `DELETE model-versions/delete-tag`.

use axum::Json;
use axum::extract::State;
use hokusai_core::entity_key::check_key;
use hokusai_store::model_versions;
use serde_json::{Value, json};

use super::{existing, version_number};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::registered_models::{model_name, one_tag, rule};
use crate::registry::RegistryState;

/// Sets a tag.
pub async fn set_tag(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let version = version_number(&params)?;
    let tag = one_tag(&params)?;
    state
        .store
        .write(move |tx| {
            let model_id = existing(tx, &name, version)?;
            model_versions::set_tag(tx, model_id, version, &tag).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}

/// Deletes a tag; one that is not there is fine.
pub async fn delete_tag(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let version = version_number(&params)?;
    let key = params.required_str("key")?;
    check_key(&key, "key").map_err(rule)?;
    state
        .store
        .write(move |tx| {
            let model_id = existing(tx, &name, version)?;
            model_versions::delete_tag(tx, model_id, version, &key).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}
