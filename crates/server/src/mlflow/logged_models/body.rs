//! A logged model as clients read it.

use hokusai_core::logged_model::{LoggedModel, LoggedModelMetric};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::mlflow::runs::body::PointBody;

/// The logged model as JSON.
pub(super) fn model_body(model: &LoggedModel) -> Value {
    let mut info = Map::new();
    let mut put = |name: &str, value: Value| {
        info.insert(name.to_owned(), value);
    };
    put("model_id", model.model_id.as_str().into());
    put("experiment_id", model.experiment_id.to_string().into());
    put("name", model.name.as_str().into());
    put("artifact_uri", model.artifact_uri.as_str().into());
    put("creation_timestamp_ms", model.created_at_ms.into());
    put("last_updated_timestamp_ms", model.updated_at_ms.into());
    put("status", model.status.as_str().into());
    let optional = [
        ("model_type", &model.model_type),
        ("source_run_id", &model.source_run_id),
        ("status_message", &model.status_message),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            put(name, value.as_str().into());
        }
    }
    if !model.tags.is_empty() {
        put("tags", pairs(&model.tags));
    }
    let mut data = Map::new();
    if !model.params.is_empty() {
        data.insert("params".to_owned(), pairs(&model.params));
    }
    if !model.metrics.is_empty() {
        let metrics: Vec<_> = model
            .metrics
            .iter()
            .map(|point| metric(model, point))
            .collect();
        data.insert("metrics".to_owned(), json!(metrics));
    }
    json!({"info": info, "data": data})
}

fn metric<'m>(model: &'m LoggedModel, point: &'m LoggedModelMetric) -> MetricBody<'m> {
    MetricBody {
        point: PointBody::of_run(&point.metric, &point.run_id),
        model_id: &model.model_id,
        dataset_name: point.dataset.name.as_deref(),
        dataset_digest: point.dataset.digest.as_deref(),
    }
}

/// A point that measures a logged model.
#[derive(Serialize)]
struct MetricBody<'m> {
    #[serde(flatten)]
    point: PointBody<'m>,
    model_id: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset_name: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset_digest: Option<&'m str>,
}

fn pairs(pairs: &[(String, String)]) -> Value {
    pairs
        .iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect()
}
