//! `POST runs/log-metric`, one of the two hottest writes.

use axum::Json;
use axum::extract::State;
use hokusai_core::metric::Metric;
use hokusai_store::batch::{Answer, Batch};
use hokusai_store::logged_model_metrics::{self, Measured};
use hokusai_store::{StoreError, Tx, metrics, runs};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::must_be_active;
use super::points::{
    check_metric, is_plain_id, known_models, must_be_known, read_measured, read_metric,
};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::registry::RegistryState;

/// Logs a point of a metric.
pub async fn log_metric(
    State(state): State<RegistryState>,
    _caller: Caller,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, ApiError> {
    state.log_metric.submit(read(&body)?).await?;
    Ok(Json(json!({})))
}

/// A point for a run. Those that arrive together are stored together.
#[derive(Debug, PartialEq)]
pub(crate) struct LogMetric {
    run_id: String,
    metric: Metric,
    measured: Option<Measured>,
}

impl Batch for LogMetric {
    type Reply = ();
    type Error = ApiError;

    fn run(items: &[Self], tx: &mut dyn Tx) -> Result<Vec<Answer<Self>>, StoreError> {
        let ids = items.iter().map(|item| item.run_id.clone()).collect();
        let runs = runs::infos(tx, ids)?;
        let known = known_models(tx, items.iter().filter_map(|item| item.measured.as_ref()))?;
        let mut points = Vec::with_capacity(items.len());
        let mut of_models = Vec::new();
        let answers = items
            .iter()
            .map(|item| {
                let run = must_be_active(runs.get(&item.run_id), &item.run_id)?;
                if let Some(measured) = &item.measured {
                    must_be_known(&known, measured)?;
                    of_models.push((run, &item.metric, measured));
                }
                points.push((run, &item.metric));
                Ok(())
            })
            .collect();
        metrics::log_many(tx, &points)?;
        logged_model_metrics::log(tx, &of_models)?;
        Ok(answers)
    }
}

/// The request as every client writes it; anything else, and a point that measures a logged model, takes the slow path, which knows the errors.
#[derive(Deserialize)]
struct Plain {
    run_id: String,
    key: String,
    value: f64,
    timestamp: i64,
    #[serde(default)]
    step: i64,
    model_id: Option<IgnoredAny>,
}

impl Plain {
    fn checked(self) -> Option<LogMetric> {
        let metric = Metric::new(self.key, self.value, self.timestamp, self.step);
        let is_clean = self.model_id.is_none()
            && is_plain_id(&self.run_id)
            && check_metric(&metric, "").is_ok();
        is_clean.then_some(LogMetric {
            run_id: self.run_id,
            metric,
            measured: None,
        })
    }
}

fn read(body: &[u8]) -> Result<LogMetric, ApiError> {
    let plain: Option<Plain> = serde_json::from_slice(body).ok();
    if let Some(point) = plain.and_then(Plain::checked) {
        return Ok(point);
    }
    let params = Params::from_json(body);
    let run_id = params.run_id()?;
    let metric = read_metric(&params, "")?;
    let measured = read_measured(&params)?;
    Ok(LogMetric {
        run_id,
        metric,
        measured,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_paths_read_the_same_point() {
        let plain =
            br#"{"run_id": "r", "key": "k", "value": 1.5, "timestamp": 3, "step": 2, "other": {}}"#;
        let strings =
            br#"{"run_id": "r", "key": "k", "value": "1.5", "timestamp": "3", "step": "2"}"#;
        assert_eq!(read(plain).unwrap(), read(strings).unwrap());
    }

    #[test]
    fn what_is_wrong_is_said_in_the_real_servers_words() {
        for (body, message) in [
            (
                r#"{"key": "k", "value": 1, "timestamp": 1}"#,
                "Missing value for required parameter 'run_id'.",
            ),
            (
                r#"{"run_id": "r", "value": 1, "timestamp": 1}"#,
                "Missing value for required parameter 'key'.",
            ),
            (
                r#"{"run_id": "r", "key": "", "value": 1, "timestamp": 1}"#,
                "Missing value for required parameter 'key'.",
            ),
            (
                r#"{"run_id": "r", "key": "k", "value": "", "timestamp": 1}"#,
                "Missing value for required parameter 'value'.",
            ),
            (
                r#"{"run_id": "r", "key": "k", "value": "x", "timestamp": 1}"#,
                "Invalid value \"x\" for parameter 'value' supplied",
            ),
            (
                r#"{"run_id": "r", "key": "k", "value": 1}"#,
                "Missing value for required parameter 'timestamp'.",
            ),
            (
                r#"{"run_id": "r", "key": "ts", "value": 1, "timestamp": -5}"#,
                "Invalid value -5 for parameter 'timestamp' supplied: metric 'ts' (value=1.0). Timestamp must be a nonnegative",
            ),
            (
                r#"{"run_id": "r", "key": "../a", "value": 1, "timestamp": 1}"#,
                "Invalid value \"../a\" for parameter 'name' supplied",
            ),
        ] {
            let refused = read(body.as_bytes()).unwrap_err();
            assert!(
                refused.message().starts_with(message),
                "{body}: {}",
                refused.message()
            );
        }
    }
}
