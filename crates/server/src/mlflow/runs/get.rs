//! `GET runs/get`.

use axum::Json;
use axum::extract::State;
use hokusai_store::runs;
use serde_json::{Value, json};

use super::body::RunBody;
use super::no_run;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::registry::RegistryState;

/// Reads a run, deleted or not.
pub async fn get(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let run_id = params.run_id()?;
    let run = state
        .store
        .read(move |tx| runs::get(tx, &run_id)?.ok_or_else(|| no_run(&run_id)))
        .await?;
    Ok(Json(json!({"run": RunBody::new(&run)})))
}
