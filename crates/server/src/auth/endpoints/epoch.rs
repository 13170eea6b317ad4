//! `GET /api/v1/keys/epoch`: a registry asks whether anything changed, a few times a second, in place of asking for every key.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use hokusai_core::key::ApiKey;
use serde_json::json;

use super::validate::{NONCE, signed, text_header};
use crate::auth::service::AuthService;
use crate::error::ApiError;
use crate::gate;
use crate::openapi::{Answer, Field, Operation, Shape};

/// The epoch, how old that knowledge is, and how long it may be used: signed with the credential of the service that asks.
pub async fn epoch(
    State(service): State<AuthService>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let (raw, _) = gate::presented_key(&headers, uri.query())?;
    let body = json!({
        "epoch": service.epoch(),
        "database_heard_ms_ago": service.age_ms(),
        "stale_window_ms": service.stale_window().ms(),
    });
    let credential = ApiKey::parse(&raw)
        .map_err(|_| ApiError::internal("a key passed the gate that is none"))?;
    Ok(signed(
        &body,
        &credential,
        &text_header(&headers, NONCE),
        &raw,
    ))
}

/// For the document.
pub const DOC: Operation = Operation {
    summary: "Whether any key changed",
    description: "For services with the scope `keys:validate`: the number moves with every change to a key. The answer is signed like a verdict.",
    headers: &[Field::maybe(
        "X-Hokusai-Nonce",
        Shape::Text,
        "which the signature covers",
    )],
    answer: Answer::Json(Shape::Object(&[
        Field::always("epoch", Shape::Integer(0, i64::MAX), ""),
        Field::always(
            "database_heard_ms_ago",
            Shape::Integer(0, i64::MAX),
            "how old this knowledge is",
        ),
        Field::always(
            "stale_window_ms",
            Shape::Integer(0, 300_000),
            "how long it may be used when nobody can be asked",
        ),
    ])),
    ..Operation::answering("", Shape::Any)
};
