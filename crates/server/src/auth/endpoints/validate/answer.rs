//! What `validate` answers: a little to anybody, everything and signed to a service.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use hokusai_core::key::{ApiKey, KeyRecord, verdict};
use serde_json::{Value, json};

use super::SIGNATURE;
use crate::auth::judging::{Judged, Question, rate_headers};
use crate::auth::service::AuthService;
use crate::error::{ApiError, ErrorKind};

/// A good key, to whoever holds it.
pub(super) fn accepted(service: &AuthService, judged: &Judged, spends: bool) -> Response {
    let mut response = Json(valid(service, &judged.record, spends)).into_response();
    for (name, value) in judged.rate.map(rate_headers).unwrap_or_default() {
        if let Ok(value) = value.parse() {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// A bad key, to anybody: the reason and nothing about its owner.
pub(super) fn refused(refused: &ApiError) -> Response {
    if refused.kind() == ErrorKind::RateLimited {
        return refused.clone().with("is_valid", false).into_response();
    }
    Json(invalid(refused)).into_response()
}

/// Everything, for a service; it re-checks addresses, expiry and scopes on each request that it lets through with this answer.
pub(super) fn full(
    service: &AuthService,
    judged: Result<&Judged, &ApiError>,
    question: &Question<'_>,
) -> Value {
    match judged {
        Ok(judged) => {
            let record = &judged.record;
            let mut body = valid(service, record, question.spends);
            if let Some(fields) = body.as_object_mut() {
                let ips: Vec<String> = record.allowed_ips.iter().map(ToString::to_string).collect();
                fields.insert("allowed_ips".to_owned(), ips.into());
                fields.insert("name".to_owned(), record.name.clone().into());
                fields.insert("chain_id".to_owned(), record.chain_id.clone().into());
                fields.insert("revoked_at_ms".to_owned(), record.revoked_at_ms.into());
                fields.insert("epoch".to_owned(), service.epoch().into());
            }
            body
        }
        Err(refused) => {
            let mut body = invalid(refused);
            if let Some(fields) = body.as_object_mut() {
                fields.insert("epoch".to_owned(), service.epoch().into());
                if let Some(record) = service.by_raw(question.raw) {
                    fields.insert("key_id".to_owned(), record.id.clone().into());
                    fields.insert("user_id".to_owned(), record.owner.clone().into());
                }
            }
            body
        }
    }
}

/// The answer with the signature that only a holder of the credential can make.
pub(in crate::auth::endpoints) fn signed(
    body: &Value,
    credential: &ApiKey,
    nonce: &str,
    key: &str,
) -> Response {
    let bytes = body.to_string().into_bytes();
    let signature = ApiKey::parse(key)
        .ok()
        .and_then(|key| verdict::sign(credential, nonce, key.hash(), &bytes))
        .and_then(|signature| HeaderValue::from_str(&signature).ok());
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Some(signature) = signature {
        headers.insert(SIGNATURE, signature);
    }
    response
}

fn valid(service: &AuthService, record: &KeyRecord, spends: bool) -> Value {
    json!({
        "is_valid": true,
        "key_id": record.id,
        "user_id": record.owner,
        "service_id": record.service_id,
        "scopes": record.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "environment": record.environment.as_str(),
        "rate_limit_per_hour": record.rate_limit.map(|limit| limit.per_hour),
        "billing_plan": "free",
        "monthly_prediction_limit": null,
        "expires_at_ms": record.expires_at_ms,
        "spends_rate": spends,
        "database_heard_ms_ago": service.age_ms(),
        "error": null,
    })
}

fn invalid(refused: &ApiError) -> Value {
    json!({
        "is_valid": false,
        "code": refused.field("code").cloned().unwrap_or(Value::Null),
        "error": refused.message(),
    })
}
