//! `POST runs/create`.

use axum::Json;
use axum::extract::State;
use hokusai_core::random::hex_id;
use hokusai_core::run::{MAX_KEY, MAX_TAG_VALUE, check_length, random_name, truncated};
use hokusai_core::text_limit;
use hokusai_store::runs::{self, NewRun};
use serde_json::{Value, json};

use super::body::RunBody;
use super::{RUN_NAME_TAG, no_run};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::{experiments, read_tags, rule};
use crate::registry::RegistryState;

/// Creates a run in an active experiment; without one in the default experiment.
pub async fn create(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let experiment = params
        .opt_str("experiment_id")?
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| "0".to_owned());
    let start_ms = params.opt_i64("start_time")?.unwrap_or_default();
    let given = params
        .opt_text("run_name", text_limit::RUN_NAME)?
        .filter(|name| !name.is_empty());
    let user_id = params
        .opt_text("user_id", text_limit::USER)?
        .unwrap_or_default();
    let mut tags = tags(&params)?;
    let experiment_id = experiments::parse_id(&experiment)?;
    let tagged = tags
        .iter()
        .find(|(key, value)| key == RUN_NAME_TAG && !value.is_empty())
        .map(|(_, value)| value.clone());
    let conflict = disagree(given.as_deref(), tagged.as_deref());
    let name = given
        .or(tagged)
        .unwrap_or_else(|| random_name(state.random.as_ref()));
    tags.retain(|(key, _)| key != RUN_NAME_TAG);
    tags.push((RUN_NAME_TAG.to_owned(), name.clone()));
    let run_id = hex_id(state.random.as_ref());
    let run = state
        .store
        .write(move |tx| {
            let experiment = experiments::active(tx, experiment_id)?;
            if let Some(refused) = &conflict {
                return Err(refused.clone());
            }
            let location = experiment.artifact_location.trim_end_matches('/');
            let run = NewRun {
                run_id: run_id.clone(),
                experiment_id,
                name: name.clone(),
                start_ms,
                user_id: user_id.clone(),
                artifact_uri: format!("{location}/{run_id}/artifacts"),
                tags: tags.clone(),
            };
            runs::create(tx, &run)?;
            runs::get(tx, &run_id)?.ok_or_else(|| no_run(&run_id))
        })
        .await?;
    Ok(Json(json!({"run": RunBody::created(&run)})))
}

/// The tags, as a batch would check them, but for their characters: what an older run has, a copy of it may have.
fn tags(params: &Params) -> Result<Vec<(String, String)>, ApiError> {
    let tags = read_tags(params)?;
    for (index, (key, _)) in tags.iter().enumerate() {
        check_length(&format!("tags[{index}].key"), key, MAX_KEY).map_err(rule)?;
    }
    let cut = |(key, value)| (key, truncated(value, MAX_TAG_VALUE));
    Ok(tags.into_iter().map(cut).collect())
}

fn disagree(name: Option<&str>, tag: Option<&str>) -> Option<ApiError> {
    let (name, tag) = (name?, tag?);
    (name != tag).then(|| {
        ApiError::invalid(format!(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values \
             (run_name='{name}', mlflow.runName='{tag}')."
        ))
    })
}
