//! `GET /api/v1/audit`: who did what to which key.

use axum::Json;
use axum::extract::State;
use hokusai_store::statement::Schema;
use serde_json::Value;

use crate::audit;
use crate::auth::service::AuthService;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, QueryParams};

/// A page of entries.
pub async fn list(
    State(service): State<AuthService>,
    QueryParams(params): QueryParams,
) -> Result<Json<Value>, ApiError> {
    audit::list(service.store(), &params).await.map(Json)
}

/// Whether the log is whole.
pub async fn verify(
    State(service): State<AuthService>,
    QueryParams(params): QueryParams,
) -> Result<Json<Value>, ApiError> {
    audit::verify(service.store(), Schema::Auth, &params)
        .await
        .map(Json)
}

/// Lets go of what was exported.
pub async fn seal(
    State(service): State<AuthService>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let now_ms = service.clock().now_ms();
    audit::seal::seal(service.store(), Schema::Auth, &caller, now_ms, &params)
        .await
        .map(Json)
}
