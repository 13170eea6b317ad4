//! `GET /api/v1/keys/{id}`.

use axum::Json;
use axum::extract::State;
use hokusai_store::keys;
use serde_json::Value;

use super::visible;
use crate::auth::service::AuthService;
use crate::auth::view::key_info;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::{Operation, Shape};
use crate::path::Path;

/// One key, with its last use and its last refusal.
pub async fn get(
    State(service): State<AuthService>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    visible(&service, &caller, &id)?;
    service.flush().await?;
    let record = service.store().read(move |tx| keys::get(tx, &id)).await?;
    let record = record.ok_or_else(|| ApiError::missing("no such API key"))?;
    Ok(Json(key_info(&record, service.clock().now_ms())))
}

/// For the document.
pub const DOC: Operation = Operation::answering(
    "One key",
    Shape::Named("KeyInfo", &crate::auth::view::KEY_INFO),
);
