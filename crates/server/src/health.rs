//! Whether the registry lives, can answer, and what it is. None of this needs a key: load balancers ask.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use hokusai_artifacts::Space;
use hokusai_store::StoreError;
use hokusai_store::Tx;
use serde_json::{Value, json};

use crate::authority::Authority;
use crate::error::ApiError;
use crate::gate::Access;
use crate::metrics;
use crate::registry::{RegistryState, openapi};
use crate::routing::Route;

/// The version of this build.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The registry's public routes.
pub fn registry_routes() -> Vec<Route<RegistryState>> {
    vec![
        Route::get("/live", Access::Public, live).describe(&openapi::HEALTH),
        Route::get("/health", Access::Public, health).describe(&openapi::HEALTH),
        Route::get("/api/health", Access::Public, health).describe(&openapi::HEALTH),
        Route::get("/ready", Access::Public, ready).describe(&openapi::HEALTH),
        Route::get("/version", Access::Public, version).describe(&openapi::VERSION),
        Route::get("/metrics", Access::Public, metrics::serve).describe(&metrics::DOC),
    ]
}

/// The process answers.
async fn live() -> Json<Value> {
    Json(json!({"service": "registry", "alive": true, "version": VERSION}))
}

/// This process can answer its requests. Never depends on another service.
async fn health(
    State(state): State<RegistryState>,
    authority: Option<Extension<Arc<dyn Authority>>>,
) -> Json<Value> {
    let mut body = json!({"service": "registry", "status": "OK", "version": VERSION});
    let is_silent = authority.is_some_and(|Extension(authority)| {
        authority
            .heard_ms_ago()
            .is_none_or(|age_ms| age_ms > DEGRADED_AFTER_MS)
    });
    let because = if is_silent {
        "the auth service or its database does not answer: known keys keep working for the stale window"
    } else if state.artifacts.space().is_some_and(Space::is_used_up) {
        "no space is left for uploads: what is free is kept for the database"
    } else {
        return Json(body);
    };
    if let Some(fields) = body.as_object_mut() {
        fields.insert("status".to_owned(), "degraded".into());
        fields.insert("because".to_owned(), because.into());
    }
    Json(body)
}

/// Three times the second within which what was heard is fresh: an outage, not a hiccup.
const DEGRADED_AFTER_MS: u64 = 3_000;

/// Probes the database; not what a load balancer should ask, since a dependency's outage would take every replica out.
async fn ready(State(state): State<RegistryState>) -> Result<Json<Value>, ApiError> {
    state
        .store
        .read(|_tx: &mut dyn Tx| Ok::<_, StoreError>(()))
        .await?;
    let mut checks = vec![json!({"name": "database", "ok": true})];
    // Without space all but uploads goes on, so that it is no reason to take a replica out.
    checks.extend(state.artifacts.space().map(|space| {
        json!({
            "name": "upload_space",
            "ok": !space.is_used_up(),
            "free_bytes": space.free_bytes,
            "floor_bytes": space.floor_bytes,
        })
    }));
    Ok(Json(
        json!({"service": "registry", "ready": true, "checks": checks}),
    ))
}

/// The MLflow client reads the bare text of `/version`.
async fn version() -> &'static str {
    VERSION
}
