//! `POST runs/log-batch`, the hottest write.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use hokusai_core::metric::Metric;
use hokusai_core::python_text::repr;
use hokusai_core::run::{MAX_PARAM_VALUE, MAX_TAG_VALUE, check_batch};
use hokusai_store::logged_model_metrics::{self, Measured};
use hokusai_store::runs::ParamConflict;
use hokusai_store::{Tx, metrics, runs};
use serde::Deserialize;
use serde_json::{Value, json};

use super::points::{
    PlainPair, PlainPoint, check_unique, is_plain_id, known_models, must_be_known, read_measured,
    read_metric, read_param, read_tag,
};
use super::{active, set_tags};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, missing};
use crate::mlflow::rule;
use crate::registry::RegistryState;

/// Logs metrics, params and tags: all of them, or none.
pub async fn log_batch(
    State(state): State<RegistryState>,
    _caller: Caller,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, ApiError> {
    let batch = Arc::new(read(&body)?);
    state.store.write(move |tx| log(tx, &batch)).await?;
    Ok(Json(json!({})))
}

#[derive(Debug, PartialEq)]
struct Batch {
    run_id: String,
    metrics: Vec<Metric>,
    /// What each of the metrics measures.
    measured: Vec<Option<Measured>>,
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
    let known = known_models(tx, batch.measured.iter().flatten())?;
    let mut of_models = Vec::new();
    for (metric, measured) in batch.metrics.iter().zip(&batch.measured) {
        if let Some(measured) = measured {
            must_be_known(&known, measured)?;
            of_models.push((&run, metric, measured));
        }
    }
    logged_model_metrics::log(tx, &of_models)?;
    set_tags(tx, &run, &batch.tags)
}

/// The request as every client writes it; anything else takes the slow path, which knows the errors.
#[derive(Deserialize)]
struct Plain {
    run_id: String,
    #[serde(default)]
    metrics: Vec<PlainPoint>,
    #[serde(default)]
    params: Vec<PlainPair>,
    #[serde(default)]
    tags: Vec<PlainPair>,
}

impl Plain {
    fn checked(self) -> Option<Batch> {
        let counts = (self.metrics.len(), self.params.len(), self.tags.len());
        if !is_plain_id(&self.run_id) || check_batch(counts.0, counts.1, counts.2).is_err() {
            return None;
        }
        let pairs = |pairs: Vec<PlainPair>, max_value| {
            let checked = pairs.into_iter().map(|pair| pair.checked(max_value));
            checked.collect::<Option<Vec<_>>>()
        };
        let metrics = self.metrics.into_iter().map(PlainPoint::checked);
        let metrics = metrics.collect::<Option<Vec<_>>>()?;
        let params = pairs(self.params, MAX_PARAM_VALUE)?;
        check_unique(&params).ok()?;
        Some(Batch {
            run_id: self.run_id,
            measured: vec![None; metrics.len()],
            metrics,
            params,
            tags: pairs(self.tags, MAX_TAG_VALUE)?,
        })
    }
}

fn read(body: &[u8]) -> Result<Batch, ApiError> {
    let plain: Option<Plain> = serde_json::from_slice(body).ok();
    plain
        .and_then(Plain::checked)
        .map_or_else(|| read_params(&Params::from_json(body)), Ok)
}

fn read_params(request: &Params) -> Result<Batch, ApiError> {
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
    let measured = each("metrics", &lists.0, |entry, _| read_measured(entry))?;
    let params = each("params", &lists.1, read_param)?;
    let tags = each("tags", &lists.2, read_tag)?;
    check_batch(metrics.len(), params.len(), tags.len()).map_err(rule)?;
    check_unique(&params)?;
    Ok(Batch {
        run_id,
        metrics,
        measured,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_paths_read_the_same_batch() {
        let plain = br#"{"run_id": "r", "metrics": [{"key": "m", "value": 1.5, "timestamp": 3, "step": 2}, {"key": "n", "value": 1, "timestamp": 3}],
            "params": [{"key": "p", "value": "x"}], "tags": [{"key": "t", "value": "y"}, {"key": "u"}], "other": 1}"#;
        let strings = br#"{"run_id": "r", "metrics": [{"key": "m", "value": "1.5", "timestamp": "3", "step": "2"}, {"key": "n", "value": "1", "timestamp": 3}],
            "params": [{"key": "p", "value": "x"}], "tags": [{"key": "t", "value": "y"}, {"key": "u"}], "other": 1}"#;
        let batch = read(plain).unwrap();
        assert_eq!(batch.metrics.len(), 2);
        assert_eq!(batch, read(strings).unwrap());
        assert_eq!(batch, read_params(&Params::from_json(plain)).unwrap());
    }

    #[test]
    fn what_a_point_measures_is_kept() {
        let body = br#"{"run_id": "r", "metrics": [{"key": "m", "value": 1, "timestamp": 1}, {"key": "m", "value": 2, "timestamp": 2, "model_id": "m-1"}]}"#;
        let measured = read(body).unwrap().measured;
        assert!(measured[0].is_none());
        assert_eq!(measured[1].as_ref().unwrap().model_id, "m-1");
    }

    #[test]
    fn whatever_the_short_path_takes_the_long_path_takes_too() {
        let long = "v".repeat(MAX_TAG_VALUE + 1);
        for entry in [
            r#""metrics": [{"key": "../a", "value": 1, "timestamp": 1}]"#.to_owned(),
            r#""metrics": [{"key": "", "value": 1, "timestamp": 1}]"#.to_owned(),
            r#""metrics": [{"key": "a", "value": 1, "timestamp": -1}]"#.to_owned(),
            r#""metrics": [{"key": "a", "timestamp": 1}]"#.to_owned(),
            r#""metrics": null"#.to_owned(),
            r#""params": [{"key": "a", "value": "x"}, {"key": "a", "value": "x"}]"#.to_owned(),
            r#""params": [{"key": "a", "value": 7}]"#.to_owned(),
            r#""params": [{"key": "a", "value": "\u0000"}]"#.to_owned(),
            r#""params": [{"key": "a$", "value": "x"}]"#.to_owned(),
            r#""params": [{"value": "x"}]"#.to_owned(),
            format!(r#""tags": [{{"key": "a", "value": "{long}"}}]"#),
            format!(
                r#""tags": [{{"key": "{}", "value": "x"}}]"#,
                "k".repeat(251)
            ),
        ] {
            let body = format!(r#"{{"run_id": "r", {entry}}}"#);
            let (short, long) = (
                read(body.as_bytes()),
                read_params(&Params::from_json(body.as_bytes())),
            );
            match (short, long) {
                (Ok(short), Ok(long)) => assert_eq!(short, long, "{body}"),
                (Err(short), Err(long)) => assert_eq!(short.message(), long.message(), "{body}"),
                (short, long) => panic!("{body}: {short:?} and {long:?}"),
            }
        }
    }
}
