//! A registered model as clients read it.

use hokusai_core::model::{ModelTag, RegisteredModel};
use serde_json::{Map, Value, json};

use crate::mlflow::model_versions::version_body;

/// The model as JSON; what is empty is left out, as protobuf does.
pub(crate) fn model_body(model: &RegisteredModel) -> Value {
    let mut body = Map::new();
    body.insert("name".to_owned(), model.name.as_str().into());
    body.insert("creation_timestamp".to_owned(), model.created_at_ms.into());
    body.insert(
        "last_updated_timestamp".to_owned(),
        model.updated_at_ms.into(),
    );
    if let Some(description) = model.description.as_deref().filter(|text| !text.is_empty()) {
        body.insert("description".to_owned(), description.into());
    }
    let mut list = |name: &str, items: Vec<Value>| {
        if !items.is_empty() {
            body.insert(name.to_owned(), items.into());
        }
    };
    list(
        "latest_versions",
        model.latest_versions.iter().map(version_body).collect(),
    );
    list("tags", tags_body(&model.tags));
    let alias = |(alias, version): &(_, _)| json!({"alias": str(alias), "version": str(version)});
    list("aliases", model.aliases.iter().map(alias).collect());
    body.into()
}

/// Tags as JSON.
pub(in crate::mlflow) fn tags_body(tags: &[ModelTag]) -> Vec<Value> {
    tags.iter()
        .map(|tag| json!({"key": tag.key(), "value": tag.value()}))
        .collect()
}

fn str(shown: &impl ToString) -> String {
    shown.to_string()
}
