//! Whether the auth service lives and can answer, and what it is. None of it needs a key.

use axum::Json;
use axum::extract::State;
use hokusai_store::keys;
use serde_json::{Value, json};

use crate::auth::service::AuthService;
use crate::error::ApiError;
use crate::health::VERSION;
use crate::openapi::{Field, Operation, Shape};

/// What this is.
pub async fn index() -> Json<Value> {
    Json(json!({"service": "auth", "version": VERSION, "docs": "/openapi.json"}))
}

/// The process answers.
pub async fn live() -> Json<Value> {
    Json(json!({"service": "auth", "alive": true, "version": VERSION}))
}

/// This process can judge keys, from memory if need be; the body says when the database was last heard.
pub async fn health(State(service): State<AuthService>) -> Json<Value> {
    let age_ms = service.age_ms();
    let status = if age_ms > DEGRADED_AFTER_MS {
        "degraded"
    } else {
        "healthy"
    };
    Json(
        json!({"service": "auth", "status": status, "version": VERSION, "database_heard_ms_ago": age_ms}),
    )
}

/// Probes the database.
pub async fn ready(State(service): State<AuthService>) -> Result<Json<Value>, ApiError> {
    service.store().read(|tx| keys::epoch(tx)).await?;
    Ok(Json(
        json!({"service": "auth", "ready": true, "checks": [{"name": "database", "ok": true}]}),
    ))
}

/// The build.
pub async fn version() -> Json<Value> {
    Json(json!({"service": "auth", "version": VERSION, "api_version": "v1"}))
}

/// The epoch is asked for twice a second; three seconds of silence is an outage.
const DEGRADED_AFTER_MS: u64 = 3_000;

const SERVICE: Field = Field::always("service", Shape::OneOf(&["auth"]), "which service answered");
const BUILD: Field = Field::always("version", Shape::Text, "of this build");

/// For the document.
pub const INDEX: Operation = Operation::answering(
    "What this is",
    Shape::Object(&[SERVICE, BUILD, Field::always("docs", Shape::Text, "")]),
);

/// For the document.
pub const LIVE: Operation = Operation::answering(
    "Whether the process answers",
    Shape::Object(&[SERVICE, BUILD, Field::always("alive", Shape::Boolean, "")]),
);

/// For the document.
pub const HEALTH: Operation = Operation::answering(
    "Whether this process can judge keys, from memory if need be",
    Shape::Object(&[
        SERVICE,
        BUILD,
        Field::always("status", Shape::OneOf(&["healthy", "degraded"]), ""),
        Field::always("database_heard_ms_ago", Shape::Integer(0, i64::MAX), ""),
    ]),
);

/// For the document.
pub const READY: Operation = Operation {
    refusals: &[503],
    ..Operation::answering(
        "Whether the database answers",
        Shape::Object(&[
            SERVICE,
            Field::always("ready", Shape::Boolean, ""),
            Field::always("checks", Shape::List(&Shape::Any), ""),
        ]),
    )
};

/// For the document.
pub const BUILD_VERSION: Operation = Operation::answering(
    "The build",
    Shape::Object(&[
        SERVICE,
        BUILD,
        Field::always("api_version", Shape::OneOf(&["v1"]), ""),
    ]),
);
