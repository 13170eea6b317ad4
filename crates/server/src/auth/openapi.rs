//! `/openapi.json` of the auth service.

use axum::Json;
use serde_json::Value;

use crate::openapi::{self, Operation, Shape};

/// Serves the document.
pub async fn serve() -> Json<Value> {
    Json(document())
}

/// Every route of the service, described.
pub fn document() -> Value {
    openapi::document("Hokusai auth service", &["/", "/auth"], &super::routes())
}

/// For the document.
pub const DOC: Operation = Operation::answering("This document", Shape::Any);
