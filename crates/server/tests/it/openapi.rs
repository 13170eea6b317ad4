//! The document says what the service does.

use std::path::Path;

use hokusai_server::registry::{openapi, routes};

use crate::app::App;
use axum::body::Body;
use axum::http::Request;

#[test]
fn every_route_is_described() {
    for route in routes() {
        let place = format!("{} {}", route.method(), route.path());
        assert!(route.doc().is_some(), "{place} has no document");
    }
}

#[test]
fn the_committed_document_is_what_the_routes_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi/registry.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let fresh = serde_json::to_string_pretty(&openapi::document()).unwrap() + "\n";
    assert!(
        committed == fresh,
        "docs/openapi/registry.json is stale: run `cargo xtask gen`"
    );
}

#[tokio::test]
async fn the_document_is_served_to_everybody() {
    let app = App::new();
    let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
    let served = app.send(request).await.ok();
    assert_eq!(served, openapi::document());
    assert!(served["paths"]["/api/models/{name}"]["get"].is_object());
}
