//! A run as clients read it.

use hokusai_core::metric::Metric;
use hokusai_core::run::RunInfo;
use hokusai_store::run_inputs::{DatasetInput, Direction, RunModel};
use hokusai_store::runs::Run;
use serde_json::{Map, Value, json};

use crate::mlflow::pairs;

/// The run itself as JSON; an end that is not set is left out.
pub(in crate::mlflow) fn info_body(run: &RunInfo) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("run_uuid", run.run_id.as_str().into());
    put("experiment_id", run.experiment_id.to_string().into());
    put("run_name", run.name.as_str().into());
    put("user_id", run.user_id.as_str().into());
    put("status", run.status.as_str().into());
    put("start_time", run.start_ms.into());
    if let Some(end_ms) = run.end_ms {
        put("end_time", end_ms.into());
    }
    put("artifact_uri", run.artifact_uri.as_str().into());
    put("lifecycle_stage", run.lifecycle.as_str().into());
    put("run_id", run.run_id.as_str().into());
    body.into()
}

/// The run with what it logged, read and made; empty lists are left out, as protobuf does.
pub(in crate::mlflow) fn run_body(run: &Run) -> Value {
    let mut data = Map::new();
    if !run.metrics.is_empty() {
        data.insert("metrics".to_owned(), metrics_body(&run.metrics));
    }
    if !run.params.is_empty() {
        data.insert("params".to_owned(), pairs(&run.params));
    }
    if !run.tags.is_empty() {
        data.insert("tags".to_owned(), pairs(&run.tags));
    }
    let of = |direction| {
        run.models
            .iter()
            .filter(move |model| model.direction == direction)
    };
    let mut inputs = Map::new();
    if !run.datasets.is_empty() {
        let datasets: Vec<Value> = run.datasets.iter().map(dataset_body).collect();
        inputs.insert("dataset_inputs".to_owned(), datasets.into());
    }
    let read: Vec<Value> = of(Direction::Input)
        .map(|model| json!({"model_id": model.model_id}))
        .collect();
    if !read.is_empty() {
        inputs.insert("model_inputs".to_owned(), read.into());
    }
    let made: Vec<Value> = of(Direction::Output).map(output_body).collect();
    let mut outputs = Map::new();
    if !made.is_empty() {
        outputs.insert("model_outputs".to_owned(), made.into());
    }
    json!({"info": info_body(&run.info), "data": data, "inputs": inputs, "outputs": outputs})
}

/// Points of metrics as JSON.
pub(in crate::mlflow) fn metrics_body(metrics: &[Metric]) -> Value {
    metrics.iter().map(metric_body).collect()
}

/// A point as JSON; NaN is a string there.
pub(in crate::mlflow) fn metric_body(metric: &Metric) -> Value {
    let value = if metric.value.is_nan() {
        Value::from("NaN")
    } else {
        Value::from(metric.value)
    };
    json!({
        "key": metric.key, "value": value, "timestamp": metric.timestamp_ms, "step": metric.step,
    })
}

fn output_body(model: &RunModel) -> Value {
    json!({"model_id": model.model_id, "step": model.step})
}

fn dataset_body(input: &DatasetInput) -> Value {
    let mut dataset = Map::new();
    let mut put = |name: &str, value: &str| dataset.insert(name.to_owned(), value.into());
    put("name", &input.name);
    put("digest", &input.digest);
    put("source_type", &input.source_type);
    put("source", &input.source);
    if let Some(schema) = &input.schema {
        put("schema", schema);
    }
    if let Some(profile) = &input.profile {
        put("profile", profile);
    }
    let mut body = Map::new();
    if !input.tags.is_empty() {
        body.insert("tags".to_owned(), pairs(&input.tags));
    }
    body.insert("dataset".to_owned(), dataset.into());
    body.into()
}
