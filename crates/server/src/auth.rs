//! The auth service: makes keys, judges them, remembers who did what.
//!
//! Judging needs no SQL: every key is in a snapshot in memory, replaced when the database's epoch moves. A revocation counts here when
//! DELETE answers, and at other replicas within twice [`service::EPOCH_POLL_MS`].

pub mod endpoints;
mod failures;
pub mod judging;
pub mod local;
pub mod openapi;
mod refusals;
pub mod service;
mod usage;
pub mod view;

use std::sync::Arc;

use axum::Router;

use crate::authority::Authority;
use crate::gate::Access;
use crate::metrics::{self, Metrics};
use crate::routing::{self, Route};
use hokusai_core::access::Action;
use service::AuthService;

/// Every route of the auth service, also below `/auth`, where its older clients look for it.
pub fn routes() -> Vec<Route<AuthService>> {
    use endpoints::{
        audit, create, epoch, get, health, list, older, revoke, rotate, usage, validate,
    };
    let own = Access::Needs(Action::ManageOwnKeys);
    let usage_of = usage::aggregate::one;
    vec![
        Route::get("/", Access::Public, health::index).describe(&health::INDEX),
        Route::get("/live", Access::Public, health::live).describe(&health::LIVE),
        Route::get("/health", Access::Public, health::health).describe(&health::HEALTH),
        Route::get("/ready", Access::Public, health::ready).describe(&health::READY),
        Route::get("/version", Access::Public, health::version).describe(&health::BUILD_VERSION),
        Route::get("/metrics", Access::Public, metrics::serve).describe(&metrics::DOC),
        Route::get("/openapi.json", Access::Public, openapi::serve).describe(&openapi::DOC),
        Route::post("/api/v1/keys", own, create::create).describe(&create::DOC),
        Route::get("/api/v1/keys", own, list::list).describe(&list::DOC),
        Route::get("/api/v1/keys/{id}", own, get::get).describe(&get::DOC),
        Route::delete("/api/v1/keys/{id}", own, revoke::revoke).describe(&revoke::DOC),
        Route::get(
            "/api/v1/keys/epoch",
            Access::Needs(Action::ValidateKeys),
            epoch::epoch,
        )
        .describe(&epoch::DOC),
        Route::post("/api/v1/keys/{id}/rotate", own, rotate::rotate).describe(&rotate::DOC),
        Route::post("/api/v1/keys/validate", Access::Public, validate::validate)
            .describe(&validate::DOC),
        Route::post("/api/v1/auth/keys", own, older::create).describe(&older::CREATE),
        Route::get("/api/v1/auth/keys", own, older::list).describe(&older::LIST),
        Route::get("/api/v1/auth/keys/{id}", own, get::get).describe(&get::DOC),
        Route::delete("/api/v1/auth/keys/{id}", own, revoke::revoke).describe(&revoke::DOC),
        Route::post("/api/v1/auth/keys/{id}/rotate", own, rotate::rotate).describe(&rotate::DOC),
        Route::post(
            "/api/v1/usage/{id}",
            Access::Needs(Action::WriteUsage),
            usage::report::report,
        )
        .describe(&usage::report::DOC),
        Route::get("/api/v1/usage/{id}/stats", own, usage::stats::stats)
            .describe(&usage::stats::DOC),
        Route::get("/api/v1/usage/{id}/billing", own, usage::billing::billing)
            .describe(&usage::billing::DOC),
        Route::get("/api/v1/usage/{id}/aggregate", own, usage_of).describe(&usage::aggregate::DOC),
        Route::get("/api/v1/usage/aggregate", own, usage::aggregate::all)
            .describe(&usage::aggregate::DOC),
        Route::get(
            "/api/v1/audit",
            Access::Needs(Action::ReadAudit),
            audit::list,
        )
        .describe(&crate::audit::DOC),
        Route::get(
            "/api/v1/audit/verify",
            Access::Needs(Action::ReadAudit),
            audit::verify,
        )
        .describe(&crate::audit::VERIFY),
        Route::post(
            "/api/v1/audit/seal",
            Access::Needs(Action::ManageAllKeys),
            audit::seal,
        )
        .describe(&crate::audit::seal::SEAL),
    ]
}

/// The auth service as a router.
pub fn router(service: &AuthService) -> Router {
    let authority: Arc<dyn Authority> = Arc::new(service.clone());
    let random = service.random();
    let mut metrics = Metrics::new("auth");
    metrics.register(
        "judgements",
        "Keys judged, by outcome",
        service.judgements(),
    );
    routing::service(
        "auth",
        routes(),
        service.clone(),
        Some(&authority),
        random,
        metrics,
    )
}
