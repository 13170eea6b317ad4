//! `GET /api/audit`: who created, moved and deleted models, versions, aliases, experiments, runs and files.

use axum::Json;
use axum::extract::State;
use hokusai_core::access::Action::{ManageAllKeys, ReadAudit};
use hokusai_store::statement::Schema;
use serde_json::Value;

use super::RegistryState;
use crate::audit;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::gate::Access::Needs;
use crate::json::{Params, QueryParams};
use crate::routing::Route;

/// The log, and whether it is whole. Not below `/api/v1`, where the auth service has its own.
pub(super) fn routes() -> Vec<Route<RegistryState>> {
    vec![
        Route::get("/api/audit", Needs(ReadAudit), list).describe(&audit::DOC),
        Route::get("/api/audit/verify", Needs(ReadAudit), verify).describe(&audit::VERIFY),
        Route::post("/api/audit/seal", Needs(ManageAllKeys), seal).describe(&audit::seal::SEAL),
    ]
}

async fn list(
    State(state): State<RegistryState>,
    QueryParams(params): QueryParams,
) -> Result<Json<Value>, ApiError> {
    audit::list(&state.store, &params).await.map(Json)
}

async fn verify(
    State(state): State<RegistryState>,
    QueryParams(params): QueryParams,
) -> Result<Json<Value>, ApiError> {
    audit::verify(&state.store, Schema::Registry, &params)
        .await
        .map(Json)
}

async fn seal(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let now_ms = state.clock.now_ms();
    audit::seal::seal(&state.store, Schema::Registry, &caller, now_ms, &params)
        .await
        .map(Json)
}
