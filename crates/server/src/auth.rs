//! The auth service: makes keys, judges them, remembers who did what.
//!
//! Judging needs no SQL: every key is in a snapshot in memory, replaced when the database's epoch moves. A revocation counts here when
//! DELETE answers, and at other replicas within twice [`service::EPOCH_POLL_MS`].

pub mod endpoints;
mod failures;
pub mod judging;
pub mod local;
pub mod openapi;
pub mod service;
pub mod view;

use std::sync::Arc;

use axum::Router;

use crate::authority::Authority;
use crate::gate::Access;
use crate::routing::{self, Route};
use hokusai_core::access::Action;
use service::AuthService;

/// Every route of the auth service, also below `/auth`, where its older clients look for it.
pub fn routes() -> Vec<Route<AuthService>> {
    use endpoints::{audit, create, get, health, list, older, revoke, rotate, usage, validate};
    let own = Access::Needs(Action::ManageOwnKeys);
    vec![
        Route::get("/", Access::Public, health::index),
        Route::get("/live", Access::Public, health::live),
        Route::get("/health", Access::Public, health::health),
        Route::get("/ready", Access::Public, health::ready),
        Route::get("/version", Access::Public, health::version),
        Route::get("/metrics", Access::Public, health::metrics),
        Route::get("/openapi.json", Access::Public, openapi::serve),
        Route::post("/api/v1/keys", own, create::create),
        Route::get("/api/v1/keys", own, list::list),
        Route::get("/api/v1/keys/{id}", own, get::get),
        Route::delete("/api/v1/keys/{id}", own, revoke::revoke),
        Route::post("/api/v1/keys/{id}/rotate", own, rotate::rotate),
        Route::post("/api/v1/keys/validate", Access::Public, validate::validate),
        Route::post("/api/v1/auth/keys", own, older::create),
        Route::get("/api/v1/auth/keys", own, older::list),
        Route::get("/api/v1/auth/keys/{id}", own, get::get),
        Route::delete("/api/v1/auth/keys/{id}", own, revoke::revoke),
        Route::post("/api/v1/auth/keys/{id}/rotate", own, rotate::rotate),
        Route::get("/api/v1/usage/{id}/stats", own, usage::stats),
        Route::get(
            "/api/v1/audit",
            Access::Needs(Action::ReadAudit),
            audit::list,
        ),
    ]
}

/// The auth service as a router.
pub fn router(service: &AuthService) -> Router {
    let authority: Arc<dyn Authority> = Arc::new(service.clone());
    let random = service.random();
    routing::service("auth", routes(), service.clone(), Some(&authority), random)
}
