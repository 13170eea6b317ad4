//! `POST /api/v1/keys`: makes a key and shows it, once.

mod asked;

pub(in crate::auth) use asked::service_id;

use asked::Asked;
use axum::Json;
use axum::extract::State;
use hokusai_core::key::manage::{Reach, may_make};
use hokusai_core::key::{ApiKey, KeyRecord};
use hokusai_core::random::hex_id;
use hokusai_store::keys;
use serde_json::{Value, json};

use super::{exceeds, own};
use crate::auth::service::AuthService;
use crate::auth::view::{KEY_INFO, key_info};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::openapi::{Answer, Body, Field, Operation, Shape};

/// Makes a key that reaches no further than the caller's own.
pub async fn create(
    State(service): State<AuthService>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let (key, record) = make(&service, &caller, &params).await?;
    Ok(Json(made(&key, &record, record.created_at_ms)))
}

/// Decides, stores and publishes.
pub(super) async fn make(
    service: &AuthService,
    caller: &Caller,
    params: &Params,
) -> Result<(ApiKey, KeyRecord), ApiError> {
    let asked = Asked::read(params, caller)?;
    let key = ApiKey::generate(asked.environment, service.random().as_ref());
    let id = hex_id(service.random().as_ref());
    let record = asked.into_record(id, &key, service.clock().now_ms());
    may_make(own(service, caller)?.as_ref(), Reach(&record)).map_err(|error| exceeds(&error))?;
    let (stored, actor) = (record.clone(), caller.key_id().to_owned());
    let from = caller.client_ip().map(|ip| ip.to_string());
    service
        .store()
        .write(move |tx| keys::create(tx, &stored, &actor, from.as_deref()))
        .await?;
    service.reload().await?;
    tracing::info!(key.id = %record.id, caller.key_id = caller.key_id(), "created key `{}`", record.name);
    Ok((key, record))
}

/// The answer that shows a key: at both levels, because one of the older clients looks for the id at the top.
pub(super) fn made(key: &ApiKey, record: &KeyRecord, now_ms: i64) -> Value {
    json!({"api_key": key.reveal(), "key_id": record.id, "key_info": key_info(record, now_ms)})
}

/// What a key may be asked for with.
pub(super) const FIELDS: &[Field] = &[
    Field::always("name", Shape::Sized(1, 100), "for people"),
    Field::maybe(
        "user_id",
        Shape::Sized(1, 256),
        "whose key it is; only `keys:admin` names somebody else",
    ),
    Field::maybe(
        "service_id",
        Shape::OneOf(&[
            "platform",
            "ml-platform",
            "hokusai-data-pipeline",
            "website",
            "prediction",
        ]),
        "the middle two mean platform",
    ),
    Field::maybe(
        "scopes",
        Shape::List(&Shape::Text),
        "model:read, model:write and mlflow:access if nothing is said",
    ),
    Field::maybe(
        "environment",
        Shape::OneOf(&["live", "production", "test", "dev", "development"]),
        "live if nothing is said",
    ),
    Field::maybe(
        "allowed_ips",
        Shape::List(&Shape::Text),
        "addresses or ranges, at least one; left out means everywhere",
    ),
    Field::maybe(
        "rate_limit_per_hour",
        Shape::Integer(10, 100_000_000),
        "none if nothing is said",
    ),
    Field::maybe(
        "expires_in_days",
        Shape::Integer(1, 365),
        "never if nothing is said",
    ),
    Field::maybe(
        "expires_in_seconds",
        Shape::Integer(1, 31_536_000),
        "in place of days",
    ),
];

/// A key that is shown once.
pub(super) const MADE: Shape = Shape::Object(&[
    Field::always("api_key", Shape::Text, "the key; it is not shown again"),
    Field::always("key_id", Shape::Text, ""),
    Field::always("key_info", Shape::Named("KeyInfo", &KEY_INFO), ""),
]);

/// For the document.
pub const DOC: Operation = Operation {
    summary: "Makes a key and shows it, once",
    description: "The key reaches no further than the caller's own: scopes, addresses, expiry, service, environment, rate.",
    body: Some(Body {
        is_required: true,
        fields: FIELDS,
    }),
    refusals: &[422],
    answer: Answer::Json(Shape::Named("MadeKey", &MADE)),
    ..Operation::answering("", Shape::Any)
};
