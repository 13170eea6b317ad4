//! `POST runs/log-model`, for older clients: keeps the history of a run's models in a tag.

use axum::Json;
use axum::extract::State;
use hokusai_core::text_limit;
use hokusai_store::runs;
use serde_json::{Map, Value, json};

use super::{active, no_run};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::rule;
use crate::registry::RegistryState;

/// Appends a model to the run's history.
pub async fn log_model(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let run_id = params.run_id()?;
    let model_json = params.required_str("model_json")?;
    text_limit::MODEL_JSON
        .check("model_json", &model_json)
        .map_err(rule)?;
    let entry = read(&model_json)?;
    state
        .store
        .write(move |tx| {
            let info = active(tx, &run_id)?;
            // Locks the run's row, so that two clients can't both read the old history.
            runs::update(tx, &info)?;
            let run = runs::get(tx, &run_id)?.ok_or_else(|| no_run(&run_id))?;
            let mut history: Vec<Value> = run
                .tags
                .iter()
                .find(|(key, _)| key == HISTORY_TAG)
                .and_then(|(_, value)| serde_json::from_str(value).ok())
                .unwrap_or_default();
            history.push(entry.clone());
            let tag = (HISTORY_TAG.to_owned(), Value::from(history).to_string());
            runs::set_tags(tx, &info, &[tag]).map_err(ApiError::from)
        })
        .await?;
    Ok(Json(json!({})))
}

fn read(model_json: &str) -> Result<Value, ApiError> {
    let Ok(Value::Object(mut model)) = serde_json::from_str(model_json) else {
        return Err(ApiError::invalid(format!(
            "Malformed model info. \n {model_json} \n is not a valid JSON."
        )));
    };
    let absent: Vec<String> = ["artifact_path", "flavors", "run_id", "utc_time_created"]
        .iter()
        .filter(|field| !model.contains_key(**field))
        .map(|field| format!("'{field}'"))
        .collect();
    if !absent.is_empty() {
        return Err(ApiError::invalid(format!(
            "Model json is missing mandatory fields: {{{}}}",
            absent.join(", ")
        )));
    }
    model.retain(|field, _| KEPT.contains(&field.as_str()));
    if let Some(Value::Object(flavors)) = model.get_mut("flavors") {
        let configs = flavors.values_mut().filter_map(Value::as_object_mut);
        configs.for_each(|flavor: &mut Map<String, Value>| {
            flavor.remove("config");
        });
    }
    Ok(model.into())
}

const HISTORY_TAG: &str = "mlflow.log-model.history";
const KEPT: [&str; 5] = [
    "run_id",
    "utc_time_created",
    "artifact_path",
    "model_uuid",
    "flavors",
];
