//! The document says what the service does.

use std::path::Path;

use hokusai_server::auth::{openapi, routes};
use hokusai_testkit::Backend;
use serde_json::{Value, json};

use crate::world::{World, wanted};

#[test]
fn every_route_is_described() {
    for route in routes() {
        assert!(
            route.doc().is_some(),
            "{} {} has no document",
            route.method(),
            route.path()
        );
    }
}

#[test]
fn the_committed_document_is_what_the_routes_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi/auth.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let fresh = serde_json::to_string_pretty(&openapi::document()).unwrap() + "\n";
    assert!(
        committed == fresh,
        "docs/openapi/auth.json is stale: run `cargo xtask gen`"
    );
}

/// Why `value` is not what the document allows; nothing if it is.
fn fault(document: &Value, schema: &Value, value: &Value, place: &str) -> Option<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        return fault(document, document.pointer(pointer).unwrap(), value, place);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = any
            .iter()
            .any(|schema| fault(document, schema, value, place).is_none());
        return (!fits).then(|| format!("{place}: {value} fits none"));
    }
    let is_right = match schema["type"].as_str() {
        None => true,
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        // A type that the document never uses: nothing is of it.
        Some(_) => false,
    };
    if !is_right
        || schema["enum"]
            .as_array()
            .is_some_and(|values| !values.contains(value))
    {
        return Some(format!("{place}: {value} is not {schema}"));
    }
    if let Some(items) = value.as_array() {
        return items
            .iter()
            .find_map(|item| fault(document, &schema["items"], item, place));
    }
    let (fields, known) = (value.as_object()?, schema["properties"].as_object()?);
    let missing = schema["required"]
        .as_array()
        .unwrap()
        .iter()
        .find(|name| !fields.contains_key(name.as_str().unwrap()));
    if let Some(missing) = missing {
        return Some(format!("{place}: {missing} is missing"));
    }
    fields
        .iter()
        .find_map(|(name, value)| match known.get(name) {
            None => Some(format!("{place}: {name} is not in the document")),
            Some(schema) => fault(document, schema, value, &format!("{place}/{name}")),
        })
}

#[tokio::test]
async fn answers_are_what_the_document_says() {
    let world = World::new(Backend::Sqlite).await;
    let document = openapi::document();
    let (_, id) = world
        .mint(&world.admin, wanted("ada", &["model:read"]))
        .await;
    let name = json!({"name": "n"});
    let use_ = json!({"endpoint": "/predict", "status_code": 200, "response_time_ms": 5});
    let requests = [
        ("GET", "/", Value::Null),
        ("GET", "/live", Value::Null),
        ("GET", "/health", Value::Null),
        ("GET", "/ready", Value::Null),
        ("GET", "/version", Value::Null),
        ("POST", "/api/v1/keys", name.clone()),
        ("GET", "/api/v1/keys", Value::Null),
        ("GET", "/api/v1/keys/{id}", Value::Null),
        ("POST", "/api/v1/keys/validate", Value::Null),
        ("POST", "/api/v1/auth/keys", name),
        ("GET", "/api/v1/auth/keys", Value::Null),
        ("POST", "/api/v1/usage/{id}", use_),
        ("GET", "/api/v1/usage/{id}/stats", Value::Null),
        ("GET", "/api/v1/usage/{id}/billing", Value::Null),
        ("GET", "/api/v1/usage/{id}/aggregate", Value::Null),
        ("GET", "/api/v1/usage/aggregate", Value::Null),
        ("POST", "/api/v1/keys/{id}/rotate", Value::Null),
        ("GET", "/api/v1/audit", Value::Null),
        ("GET", "/api/v1/audit/verify", Value::Null),
        ("GET", "/api/v1/audit/verify?head=x", Value::Null),
        ("GET", "/api/v1/keys/epoch", Value::Null),
        ("DELETE", "/api/v1/keys/{id}", Value::Null),
        ("POST", "/api/v1/keys/{id}/rotate", Value::Null),
        ("GET", "/api/v1/keys/nonsense", Value::Null),
    ];
    for (method, path, body) in requests {
        let pattern = path.split('?').next().unwrap().replace("nonsense", "{id}");
        let operation = &document["paths"][&pattern][method.to_ascii_lowercase()];
        let real = path.replace("{id}", &id);
        let answer = world.ask(method, &real, &world.admin, body).await;
        let response = &operation["responses"][answer.status.as_str()];
        assert!(
            !response.is_null(),
            "{method} {path}: {} is not in the document: {}",
            answer.status,
            answer.body
        );
        let schema = &response["content"]["application/json"]["schema"];
        assert_eq!(
            fault(&document, schema, &answer.body, path),
            None,
            "{method}"
        );
    }
}
