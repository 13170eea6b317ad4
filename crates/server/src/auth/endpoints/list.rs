//! `GET /api/v1/keys`: the caller's keys; every key for `keys:admin`.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::is_admin;
use crate::auth::service::AuthService;
use crate::auth::view::key_info;
use crate::caller::Caller;
use crate::openapi::{Operation, Shape};

/// A bare array, as the platform's OpenAPI document says.
pub async fn list(State(service): State<AuthService>, caller: Caller) -> Json<Vec<Value>> {
    let now_ms = service.clock().now_ms();
    let sees_all = is_admin(&caller);
    Json(
        service
            .keys()
            .iter()
            .filter(|record| sees_all || record.owner == caller.user())
            .map(|record| key_info(record, now_ms))
            .collect(),
    )
}

/// For the document.
pub const DOC: Operation = Operation::answering(
    "The caller's keys; every key for `keys:admin`",
    Shape::List(&Shape::Named("KeyInfo", &crate::auth::view::KEY_INFO)),
);
