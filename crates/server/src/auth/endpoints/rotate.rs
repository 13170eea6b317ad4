//! `POST /api/v1/keys/{id}/rotate`: a new key for an old one, both valid for a while.

use axum::Json;
use axum::extract::State;
use hokusai_core::key::manage::{NotRotatable, may_rotate};
use hokusai_core::key::{ApiKey, KeyRecord};
use hokusai_core::random::hex_id;
use hokusai_store::keys;
use serde_json::Value;

use super::create::{MADE, made};
use super::{exceeds, own, unprocessable, visible};
use crate::auth::service::AuthService;
use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};
use crate::json::{Params, QueryParams};
use crate::openapi::{Answer, Field, Operation, Shape};
use crate::path::Path;

/// Rotates. The new key has the old one's scopes, addresses, rate and expiry.
pub async fn rotate(
    State(service): State<AuthService>,
    caller: Caller,
    Path(id): Path<String>,
    QueryParams(params): QueryParams,
) -> Result<Json<Value>, ApiError> {
    let old = visible(&service, &caller, &id)?;
    let overlap_s = overlap_s(&params)?;
    let now_ms = service.clock().now_ms();
    may_rotate(own(&service, &caller)?.as_ref(), &old, now_ms).map_err(|error| match error {
        NotRotatable::Exceeds(exceeding) => exceeds(&exceeding),
        state => ApiError::new(ErrorKind::InvalidState, state.to_string()),
    })?;
    let key = ApiKey::generate(old.environment, service.random().as_ref());
    let record = KeyRecord {
        id: hex_id(service.random().as_ref()),
        hash: key.hash(),
        prefix: key.shown(),
        created_at_ms: now_ms,
        revoked_at_ms: None,
        last_used_at_ms: None,
        last_refusal: None,
        rotated_to: None,
        ..KeyRecord::clone(&old)
    };
    let (stored, actor) = (record.clone(), caller.key_id().to_owned());
    let from = caller.client_ip().map(|ip| ip.to_string());
    let ends_ms = now_ms + overlap_s * 1000;
    let rotated = service
        .store()
        .write(move |tx| keys::rotate(tx, &id, &stored, ends_ms, &actor, from.as_deref()))
        .await?;
    if !rotated {
        return Err(ApiError::new(
            ErrorKind::InvalidState,
            "only an active key that was not rotated before can be rotated: use its successor, or make a new key",
        ));
    }
    service.reload().await?;
    tracing::info!(key.id = %record.id, caller.key_id = caller.key_id(), "rotated key `{}`", record.name);
    Ok(Json(made(&key, &record, now_ms)))
}

fn overlap_s(params: &Params) -> Result<i64, ApiError> {
    let asked = params.opt_i64("overlap").unwrap_or(Some(-1));
    Some(asked.unwrap_or(DEFAULT_OVERLAP_S))
        .filter(|seconds| (0..=MOST_OVERLAP_S).contains(seconds))
        .ok_or_else(|| unprocessable(&format!("`overlap` must be 0 to {MOST_OVERLAP_S} seconds")))
}

/// What the older command line promised.
const DEFAULT_OVERLAP_S: i64 = 86_400;
/// A month: two keys of one chain that live longer are two keys.
const MOST_OVERLAP_S: i64 = 30 * 86_400;

/// For the document.
pub const DOC: Operation = Operation {
    summary: "A new key for an old one, both valid for a while",
    description: "A key that is revoked or expired, or was rotated before, is refused with 400.",
    query: &[Field::maybe(
        "overlap",
        Shape::Integer(0, MOST_OVERLAP_S),
        "seconds for which the old key still works; a day if nothing is said",
    )],
    refusals: &[422],
    answer: Answer::Json(Shape::Named("MadeKey", &MADE)),
    ..Operation::answering("", Shape::Any)
};
