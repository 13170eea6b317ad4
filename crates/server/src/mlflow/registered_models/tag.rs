//! `POST registered-models/set-tag` and `DELETE registered-models/delete-tag`.

use axum::Json;
use axum::extract::State;
use hokusai_core::entity_key::check_key;
use hokusai_store::models;
use serde_json::{Value, json};

use super::{model_name, no_model, one_tag, rule};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::registry::RegistryState;

/// Sets a tag.
pub async fn set_tag(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let tag = one_tag(&params)?;
    let set = move |tx: &mut dyn hokusai_store::Tx| {
        if models::set_tag(tx, &name, &tag)? {
            Ok(())
        } else {
            Err(no_model(&name))
        }
    };
    state.store.write(set).await?;
    Ok(Json(json!({})))
}

/// Deletes a tag; one that is not there is fine.
pub async fn delete_tag(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let key = params.required_str("key")?;
    check_key(&key, "key").map_err(rule)?;
    let delete = move |tx: &mut dyn hokusai_store::Tx| {
        if models::delete_tag(tx, &name, &key)? {
            Ok(())
        } else {
            Err(no_model(&name))
        }
    };
    state.store.write(delete).await?;
    Ok(Json(json!({})))
}
