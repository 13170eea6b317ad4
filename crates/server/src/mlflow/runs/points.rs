//! Points of metrics, params and tags from requests, checked in the real server's order and words.

use std::collections::HashSet;

use hokusai_core::entity_key::check_key;
use hokusai_core::metric::Metric;
use hokusai_core::python_text::repr;
use hokusai_core::run::{MAX_KEY, MAX_PARAM_VALUE, MAX_TAG_VALUE, check_length, truncated};
use hokusai_store::logged_model_metrics::{self, Measured};
use hokusai_store::{StoreError, Tx};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::ApiError;
use crate::json::{Params, missing};
use crate::mlflow::logged_models::{dataset, no_logged_model};
use crate::mlflow::rule;

/// A point as every client writes it; anything else is read from parameters, which know the errors.
#[derive(Deserialize)]
pub(super) struct PlainPoint {
    key: String,
    value: f64,
    timestamp: i64,
    #[serde(default)]
    step: i64,
    model_id: Option<IgnoredAny>,
}

impl PlainPoint {
    /// The point, unless something is wrong with it, or it measures a logged model.
    pub(super) fn checked(self) -> Option<Metric> {
        if self.model_id.is_some() {
            return None;
        }
        let metric = Metric::new(self.key, self.value, self.timestamp, self.step);
        check_metric(&metric, "").is_ok().then_some(metric)
    }
}

/// A param or tag as every client writes it.
#[derive(Deserialize)]
pub(super) struct PlainPair {
    key: String,
    #[serde(default)]
    value: String,
}

impl PlainPair {
    /// Key and value, unless something is wrong with them.
    pub(super) fn checked(self, max_value: usize) -> Option<(String, String)> {
        let is_clean = check_key(&self.key, "").is_ok()
            && check_length("", &self.key, MAX_KEY).is_ok()
            && !self.value.contains('\0');
        is_clean.then(|| (self.key, truncated(self.value, max_value)))
    }
}

/// A run's id as every client writes it.
pub(super) fn is_plain_id(run_id: &str) -> bool {
    !run_id.is_empty() && !run_id.contains('\0')
}

/// A point from parameters; `path` is where it stands in the request, for instance `metrics[0]`, or nothing.
pub(super) fn read_metric(params: &Params, path: &str) -> Result<Metric, ApiError> {
    let key = required_key(params, path)?;
    let value = params
        .value("value")
        .filter(|value| value.as_str() != Some(""));
    if value.is_none() {
        return Err(missing(&at(path, "value")));
    }
    let value = params.opt_f64("value")?;
    let timestamp = params
        .opt_i64("timestamp")?
        .ok_or_else(|| missing(&at(path, "timestamp")))?;
    let step = params.opt_i64("step")?.unwrap_or_default();
    let metric = Metric::new(key, value.unwrap_or(f64::NAN), timestamp, step);
    check_metric(&metric, path)?;
    Ok(metric)
}

/// The logged model that a point measures, and on what; `None` for a point of the run alone.
pub(super) fn read_measured(params: &Params) -> Result<Option<Measured>, ApiError> {
    let model_id = params.opt_str("model_id")?.filter(|id| !id.is_empty());
    let Some(model_id) = model_id else {
        return Ok(None);
    };
    let dataset = dataset(params)?;
    Ok(Some(Measured { model_id, dataset }))
}

/// Which of the logged models that points measure exist; asks nothing when no point measures one.
pub(super) fn known_models<'p>(
    tx: &mut dyn Tx,
    measured: impl Iterator<Item = &'p Measured>,
) -> Result<HashSet<String>, StoreError> {
    let ids: Vec<String> = measured.map(|measured| measured.model_id.clone()).collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    logged_model_metrics::known(tx, ids)
}

/// Refuses a point that measures a logged model which is not there.
pub(super) fn must_be_known(known: &HashSet<String>, measured: &Measured) -> Result<(), ApiError> {
    if known.contains(&measured.model_id) {
        return Ok(());
    }
    Err(no_logged_model(&measured.model_id))
}

/// Checks a point's key and time.
pub(super) fn check_metric(metric: &Metric, path: &str) -> Result<(), ApiError> {
    check_key(&metric.key, &at(path, "name")).map_err(rule)?;
    if metric.timestamp_ms < 0 {
        return Err(ApiError::invalid(format!(
            "Invalid value {} for parameter '{}' supplied: metric '{}' (value={:?}). Timestamp must be a nonnegative \
             long (64-bit integer) ",
            metric.timestamp_ms,
            at(path, "timestamp"),
            metric.key,
            metric.value
        )));
    }
    check_length("Metric name", &metric.key, MAX_KEY).map_err(rule)
}

/// A param from parameters; a value beyond the limit is cut, as the real server does by default.
pub(super) fn read_param(params: &Params, path: &str) -> Result<(String, String), ApiError> {
    let key = required_key(params, path)?;
    let value = params.opt_str("value")?.unwrap_or_default();
    check_key(&key, &at(path, "key")).map_err(rule)?;
    check_length("Param key", &key, MAX_KEY).map_err(rule)?;
    Ok((key, truncated(value, MAX_PARAM_VALUE)))
}

/// A tag from parameters; a value beyond the limit is cut, as the real server does by default.
pub(super) fn read_tag(params: &Params, path: &str) -> Result<(String, String), ApiError> {
    let key = required_key(params, path)?;
    let value = params.opt_str("value")?.unwrap_or_default();
    check_key(&key, &at(path, "key")).map_err(rule)?;
    check_length(&at(path, "key"), &key, MAX_KEY).map_err(rule)?;
    Ok((key, truncated(value, MAX_TAG_VALUE)))
}

/// Refuses a batch that names a param twice, even with one value.
pub(super) fn check_unique(params: &[(String, String)]) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    let twice: Vec<String> = params
        .iter()
        .filter(|(key, _)| !seen.insert(key))
        .map(|(key, _)| repr(key))
        .collect();
    if twice.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid(format!(
        "Duplicate parameter keys have been submitted: [{}]. Please ensure the request contains only one param value \
         per param key.",
        twice.join(", ")
    )))
}

fn required_key(params: &Params, path: &str) -> Result<String, ApiError> {
    params
        .opt_str("key")?
        .filter(|key| !key.is_empty() || !path.is_empty())
        .ok_or_else(|| missing(&at(path, "key")))
}

fn at(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}
