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
use crate::openapi::{Answer, Body, Field, Operation, Shape};

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

/// For the document.
pub const CREATE: Operation = Operation {
    summary: "Makes a key, in the shape of the older service",
    body: Some(Body {
        is_required: true,
        fields: current::FIELDS,
    }),
    refusals: &[422],
    status: 201,
    answer: Answer::Json(Shape::Object(&[
        Field::always("key", Shape::Text, "the key; it is not shown again"),
        Field::always("key_id", Shape::Text, ""),
        Field::always("name", Shape::Text, ""),
        Field::always("created_at", Shape::Time, ""),
        Field::always("expires_at", Shape::Nullable(&Shape::Time), ""),
        Field::always("message", Shape::Text, ""),
    ])),
    ..Operation::answering("", Shape::Any)
};

/// For the document.
pub const LIST: Operation = Operation::answering(
    "The caller's keys, counted",
    Shape::Object(&[
        Field::always("total", Shape::Integer(0, i64::MAX), ""),
        Field::always(
            "keys",
            Shape::List(&Shape::Named("KeyInfo", &crate::auth::view::KEY_INFO)),
            "",
        ),
    ]),
);
