//! `/openapi.json` of the registry: the Models API in full; of MLflow's routes, which follow MLflow's own reference, that they are
//! there, who may use them, and how they refuse.

use axum::Json;
use serde_json::Value;

use crate::openapi::{self, Answer, Operation, Shape};

/// Serves the document.
pub(super) async fn serve() -> Json<Value> {
    Json(document())
}

/// Every route of the service, described.
pub fn document() -> Value {
    let bases = ["/", "/mlflow", "/api/mlflow"];
    openapi::document("Hokusai registry", &bases, &super::routes())
}

/// For the document.
pub(super) const DOC: Operation = Operation::answering("This document", Shape::Any);

/// Whether the registry lives or can answer.
pub(crate) const HEALTH: Operation =
    Operation::answering("Whether this process can answer", Shape::Any);

/// The version.
pub(crate) const VERSION: Operation = Operation {
    answer: Answer::Text,
    ..Operation::answering("The version", Shape::Text)
};
