//! `POST model-versions/transition-stage`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::{InvalidStage, Stage};
use hokusai_store::model_versions;
use serde_json::{Value, json};

use super::{existing, no_version, version_body, version_number};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::registered_models::{model_name, rule};
use crate::registry::RegistryState;
use crate::registry::event::{Event, record};

/// Moves a version to a stage, and the others there to the archive when asked to.
pub async fn transition(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let version = version_number(&params)?;
    let raw = params.required_str("stage")?;
    let archive = params
        .opt_bool("archive_existing_versions")?
        .unwrap_or(false);
    let target: Stage = raw.parse().map_err(rule)?;
    if archive && !target.is_active() {
        return Err(rule(InvalidStage::NotActive { stage: raw }));
    }
    let now_ms = state.clock.now_ms();
    let version = state
        .store
        .write(move |tx| {
            let model_id = existing(tx, &name, version)?;
            model_versions::set_stage(tx, model_id, version, target, archive, now_ms)?;
            let staged = Event::VersionStaged {
                name: &name,
                version,
                stage: target,
                archives_others: archive,
            };
            record(tx, &caller, now_ms, staged)?;
            model_versions::get(tx, &name, version)?.ok_or_else(|| no_version(&name, version))
        })
        .await?;
    Ok(Json(json!({"model_version": version_body(&version)})))
}
