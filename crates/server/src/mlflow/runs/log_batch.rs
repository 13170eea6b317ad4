//! `POST runs/log-batch`, the hottest write.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use hokusai_core::metric::Metric;
use hokusai_core::python_text::repr;
use hokusai_core::run::check_batch;
use hokusai_store::runs::ParamConflict;
use hokusai_store::{Tx, metrics, runs};
use serde_json::{Value, json};

use super::points::{check_unique, read_metric, read_param, read_tag};
use super::{active, set_tags};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, missing};
use crate::mlflow::rule;
use crate::registry::RegistryState;

/// Logs metrics, params and tags: all of them, or none.
pub async fn log_batch(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let batch = Arc::new(read(&params)?);
    state.store.write(move |tx| log(tx, &batch)).await?;
    Ok(Json(json!({})))
}

struct Batch {
    run_id: String,
    metrics: Vec<Metric>,
    params: Vec<(String, String)>,
    tags: Vec<(String, String)>,
}

fn log(tx: &mut dyn Tx, batch: &Batch) -> Result<(), ApiError> {
    let run = active(tx, &batch.run_id)?;
    if !batch.params.is_empty() {
        let conflicts = runs::log_params(tx, &run, &batch.params)?;
        if !conflicts.is_empty() {
            return Err(changed(&conflicts, &batch.run_id));
        }
    }
    metrics::log(tx, &run, &batch.metrics)?;
    set_tags(tx, &run, &batch.tags)
}

fn read(request: &Params) -> Result<Batch, ApiError> {
    let run_id = request.run_id()?;
    let lists = (
        request.objects("metrics")?,
        request.objects("params")?,
        request.objects("tags")?,
    );
    // The real server looks for what is missing everywhere before it judges values.
    for (name, fields, list) in [
        ("metrics", &["key", "value", "timestamp"][..], &lists.0),
        ("params", &["key"], &lists.1),
        ("tags", &["key"], &lists.2),
    ] {
        for (index, entry) in list.iter().enumerate() {
            if let Some(field) = fields.iter().find(|field| is_absent(entry, field)) {
                return Err(missing(&format!("{name}[{index}].{field}")));
            }
        }
    }
    let metrics = each("metrics", &lists.0, read_metric)?;
    let params = each("params", &lists.1, read_param)?;
    let tags = each("tags", &lists.2, read_tag)?;
    check_batch(metrics.len(), params.len(), tags.len()).map_err(rule)?;
    check_unique(&params)?;
    Ok(Batch {
        run_id,
        metrics,
        params,
        tags,
    })
}

fn is_absent(entry: &Params, field: &str) -> bool {
    entry
        .value(field)
        .is_none_or(|value| value.as_str() == Some(""))
}

fn each<T>(
    name: &str,
    list: &[Params],
    read: fn(&Params, &str) -> Result<T, ApiError>,
) -> Result<Vec<T>, ApiError> {
    list.iter()
        .enumerate()
        .map(|(index, entry)| read(entry, &format!("{name}[{index}]")))
        .collect()
}

fn changed(conflicts: &[ParamConflict], run_id: &str) -> ApiError {
    let listed: Vec<String> = conflicts
        .iter()
        .map(|conflict| {
            format!(
                "{{'key': {}, 'old_value': {}, 'new_value': {}}}",
                repr(&conflict.key),
                repr(&conflict.old),
                repr(&conflict.new)
            )
        })
        .collect();
    ApiError::invalid(format!(
        "Changing param values is not allowed. Params were already logged='[{}]' for run ID='{run_id}'.",
        listed.join(", ")
    ))
}
