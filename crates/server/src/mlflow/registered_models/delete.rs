//! `DELETE registered-models/delete`.

use axum::Json;
use axum::extract::State;
use hokusai_store::models;
use serde_json::{Value, json};

use super::{model_name, no_model};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::registry::RegistryState;

/// Deletes a registered model with its versions; the artifacts stay.
pub async fn delete(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let delete = move |tx: &mut dyn hokusai_store::Tx| {
        if models::delete(tx, &name)? {
            Ok(())
        } else {
            Err(no_model(&name))
        }
    };
    state.store.write(delete).await?;
    Ok(Json(json!({})))
}
