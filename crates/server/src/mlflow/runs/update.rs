//! `POST runs/update`.

use axum::Json;
use axum::extract::State;
use hokusai_core::run::{RunInfo, RunStatus};
use hokusai_core::text_limit;
use hokusai_store::runs;
use serde_json::{Value, json};

use super::body::InfoBody;
use super::{RUN_NAME_TAG, active};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, wrong_type};
use crate::registry::RegistryState;

/// Changes a run's status, end and name.
pub async fn update(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let run_id = params.run_id()?;
    let end_ms = params.opt_i64("end_time")?;
    let status = params
        .opt_str("status")?
        .filter(|status| !status.is_empty())
        .map(|raw| RunStatus::parse(&raw).ok_or_else(|| wrong_type("status", &Value::from(raw))))
        .transpose()?;
    let name = params
        .opt_text("run_name", text_limit::RUN_NAME)?
        .filter(|name| !name.is_empty());
    let run = state
        .store
        .write(move |tx| {
            let run = active(tx, &run_id)?;
            let changed = RunInfo {
                name: name.clone().unwrap_or_else(|| run.name.clone()),
                status: status.unwrap_or(run.status),
                end_ms: end_ms.or(run.end_ms),
                ..run
            };
            runs::update(tx, &changed)?;
            if let Some(name) = &name {
                let tag = (RUN_NAME_TAG.to_owned(), name.clone());
                runs::set_tags(tx, &changed, &[tag])?;
            }
            Ok::<_, ApiError>(changed)
        })
        .await?;
    Ok(Json(json!({"run_info": InfoBody::new(&run)})))
}
