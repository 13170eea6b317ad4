//! `POST logged-models`.

use axum::Json;
use axum::extract::State;
use hokusai_core::experiment::Lifecycle;
use hokusai_core::logged_model::{LoggedModel, LoggedModelStatus, check_name};
use hokusai_core::random::hex_id;
use hokusai_core::text_limit;
use hokusai_store::{experiments, logged_models};
use serde_json::{Value, json};

use super::body::model_body;
use super::{existing, pairs};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::registered_models::rule;
use crate::registry::RegistryState;

/// Creates a logged model; its files go below the answered `artifact_uri`.
pub async fn create(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let experiment = params.required_str("experiment_id")?;
    let experiment_id: i64 = experiment.parse().map_err(|_| {
        rule(format!(
            "Invalid experiment ID '{experiment}'. Experiment ID must be a valid integer."
        ))
    })?;
    let model_id = format!("m-{}", hex_id(state.random.as_ref()));
    let name = params
        .opt_text("name", text_limit::LOGGED_MODEL_NAME)?
        .filter(|name| !name.is_empty());
    // MLflow invents a name of three words; the id says as much and is unique.
    let name = name.unwrap_or_else(|| model_id.clone());
    check_name(&name).map_err(rule)?;
    let now_ms = state.clock.now_ms();
    let draft = LoggedModel {
        model_id,
        experiment_id,
        name,
        artifact_uri: String::new(),
        created_at_ms: now_ms,
        updated_at_ms: now_ms,
        model_type: Some(
            params
                .opt_text("model_type", text_limit::LOGGED_MODEL_NAME)?
                .unwrap_or_default(),
        ),
        source_run_id: Some(
            params
                .opt_text("source_run_id", text_limit::FOREIGN_ID)?
                .unwrap_or_default(),
        ),
        status: LoggedModelStatus::Pending,
        status_message: None,
        tags: pairs(&params, "tags")?,
        params: pairs(&params, "params")?,
        metrics: Vec::new(),
    };
    let model = state
        .store
        .write(move |tx| {
            let experiment = experiments::get(tx, experiment_id)?
                .ok_or_else(|| ApiError::missing(format!("No Experiment with id={experiment_id} exists")))?;
            if experiment.lifecycle == Lifecycle::Deleted {
                return Err(rule(format!(
                    "The experiment {experiment_id} must be in the 'active' state. Current state is deleted."
                )));
            }
            let mut model = draft.clone();
            let root = experiment.artifact_location.trim_end_matches('/');
            model.artifact_uri = format!("{root}/models/{}/artifacts", model.model_id);
            logged_models::insert(tx, &model)?;
            existing(tx, &model.model_id, false)
        })
        .await?;
    Ok(Json(json!({"model": model_body(&model)})))
}
