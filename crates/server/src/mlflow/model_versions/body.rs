//! A version as clients read it.

use hokusai_core::model::ModelVersion;
use serde_json::{Map, Value};

use crate::mlflow::registered_models::body::tags_body;

/// The version as JSON: set but empty texts stay, empty lists are left out.
pub(crate) fn version_body(version: &ModelVersion) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| {
        body.insert(name.to_owned(), value);
    };
    put("name", version.name.as_str().into());
    put("version", version.version.to_string().into());
    put("creation_timestamp", version.created_at_ms.into());
    put("last_updated_timestamp", version.updated_at_ms.into());
    put("current_stage", version.stage.as_str().into());
    put("source", version.source.as_str().into());
    put("status", "READY".into());
    let optional = [
        ("description", &version.description),
        ("user_id", &version.user_id),
        ("run_id", &version.run_id),
        ("run_link", &version.run_link),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            put(name, value.as_str().into());
        }
    }
    if !version.tags.is_empty() {
        put("tags", tags_body(&version.tags).into());
    }
    if !version.aliases.is_empty() {
        let aliases: Vec<Value> = version
            .aliases
            .iter()
            .map(|alias| alias.as_str().into())
            .collect();
        put("aliases", aliases.into());
    }
    body.into()
}
