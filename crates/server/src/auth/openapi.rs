//! `/openapi.json`: made from the list of routes, so that it cannot be stale.

use axum::Json;
use serde_json::{Map, Value, json};

use crate::gate::Access;
use crate::health::VERSION;

/// Serves the document.
pub async fn serve() -> Json<Value> {
    Json(document())
}

/// Every route with its method, its parameters in the path, and whether it needs a key and for what.
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in super::routes() {
        let operations = paths
            .entry(route.path().to_owned())
            .or_insert_with(|| json!({}));
        if let Some(operations) = operations.as_object_mut() {
            let method = route.method().as_str().to_ascii_lowercase();
            operations.insert(method, operation(route.path(), route.access()));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Hokusai auth service", "version": VERSION},
        "servers": [{"url": "/"}, {"url": "/auth"}],
        "paths": paths,
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    })
}

fn operation(path: &str, access: Access) -> Value {
    let parameters: Vec<Value> = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let mut operation =
        json!({"parameters": parameters, "responses": {"200": {"description": "done"}}});
    if let (Access::Needs(action), Some(fields)) = (access, operation.as_object_mut()) {
        fields.insert("security".to_owned(), json!([{"key": []}]));
        fields.insert("x-needs".to_owned(), format!("{action:?}").into());
    }
    operation
}
