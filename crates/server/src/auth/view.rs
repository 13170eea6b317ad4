//! Keys as the API shows them.

use hokusai_core::key::KeyRecord;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The older clients' `key_info`, with `id` beside `key_id` because one of them asks for the other.
pub fn key_info(record: &KeyRecord, now_ms: i64) -> Value {
    json!({
        "key_id": record.id,
        "id": record.id,
        "name": record.name,
        "key_prefix": record.prefix,
        "user_id": record.owner,
        "service_id": record.service_id,
        "scopes": record.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "environment": record.environment.as_str(),
        "is_active": record.is_active(now_ms),
        "allowed_ips": record.allowed_ips.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "rate_limit_per_hour": record.rate_limit.map(|limit| limit.per_hour),
        "monthly_prediction_limit": null,
        "billing_plan": "free",
        "created_at": iso(record.created_at_ms),
        "expires_at": record.expires_at_ms.map(iso),
        "revoked_at": record.revoked_at_ms.map(iso),
        "last_used_at": record.last_used_at_ms.map(iso),
        "last_refusal": record.last_refusal,
        "rotated_to": record.rotated_to,
    })
}

/// A moment as RFC 3339, in UTC.
pub fn iso(at_ms: i64) -> String {
    moment(at_ms).format(&Rfc3339).unwrap_or_default()
}

/// The month of a moment, as `YYYY-MM`.
pub fn month(at_ms: i64) -> String {
    let at = moment(at_ms);
    format!("{:04}-{:02}", at.year(), u8::from(at.month()))
}

fn moment(at_ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
