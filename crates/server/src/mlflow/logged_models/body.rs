//! A logged model as clients read it.

use hokusai_core::logged_model::LoggedModel;
use serde_json::{Map, Value, json};

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
    let data = if model.params.is_empty() {
        json!({})
    } else {
        json!({"params": pairs(&model.params)})
    };
    json!({"info": info, "data": data})
}

fn pairs(pairs: &[(String, String)]) -> Value {
    pairs
        .iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect()
}
