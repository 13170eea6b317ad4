//! `DELETE /api/v1/keys/{id}`: ends a key and its rotations, here when it answers.

use axum::Json;
use axum::extract::State;
use hokusai_store::keys;
use serde_json::{Value, json};

use super::visible;
use crate::auth::service::AuthService;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::{Answer, Field, Operation, Shape};
use crate::path::Path;

/// Revokes. The answer states when the revocation counts where.
pub async fn revoke(
    State(service): State<AuthService>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let record = visible(&service, &caller, &id)?;
    let now_ms = service.clock().now_ms();
    let actor = caller.key_id().to_owned();
    let from = caller.client_ip().map(|ip| ip.to_string());
    service
        .store()
        .write(move |tx| keys::revoke(tx, &id, now_ms, &actor, from.as_deref()))
        .await?;
    service.reload().await?;
    tracing::info!(key.id = %record.id, caller.key_id = caller.key_id(), "revoked key `{}`", record.name);
    Ok(Json(json!({
        "message": "API key revoked successfully",
        "key_id": record.id,
        "effective": {"here_ms": 0, "reachable_replicas_ms": 1000, "replicas_cut_off_ms": service.stale_window().ms()},
    })))
}

/// For the document.
pub const DOC: Operation = Operation {
    summary: "Ends a key, its rotation predecessor and its successors",
    description: "It counts here when this answers; the answer states the bounds elsewhere.",
    answer: Answer::Json(Shape::Object(&[
        Field::always("message", Shape::Text, ""),
        Field::always("key_id", Shape::Text, ""),
        Field::always(
            "effective",
            Shape::Object(&[
                Field::always("here_ms", Shape::Integer(0, 0), "at this auth service"),
                Field::always(
                    "reachable_replicas_ms",
                    Shape::Integer(0, 1_000),
                    "at every replica that hears the database",
                ),
                Field::always(
                    "replicas_cut_off_ms",
                    Shape::Integer(0, 300_000),
                    "at one that hears nothing: the stale window",
                ),
            ]),
            "after how many milliseconds the revocation counts",
        ),
    ])),
    ..Operation::answering("", Shape::Any)
};
