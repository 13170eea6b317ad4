//! `/api/v1/auth/keys`: the same keys in the shapes of the platform's older, built-in key service.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{create as current, list as current_list};
use crate::auth::service::AuthService;
use crate::auth::view::iso;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;

/// Makes a key; 201 and `key` in place of 200 and `api_key`.
pub async fn create(
    State(service): State<AuthService>,
    caller: Caller,
    params: Params,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (key, record) = current::make(&service, &caller, &params).await?;
    Ok((
        StatusCode::CREATED,
        Json(json!({
            "key": key.reveal(),
            "key_id": record.id,
            "name": record.name,
            "created_at": iso(record.created_at_ms),
            "expires_at": record.expires_at_ms.map(iso),
            "message": "Store this key now: it is not shown again",
        })),
    ))
}

/// The keys that the caller may see, counted.
pub async fn list(state: State<AuthService>, caller: Caller) -> Json<Value> {
    let Json(keys) = current_list::list(state, caller).await;
    Json(json!({"total": keys.len(), "keys": keys}))
}
