//! Keys as the API shows them.

use hokusai_core::key::KeyRecord;
use hokusai_core::usage::Day;
use serde_json::{Value, json};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::openapi::{Field, Shape};

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

/// [`key_info`] in the document.
pub const KEY_INFO: Shape = Shape::Object(&[
    Field::always("key_id", Shape::Text, "the public id"),
    Field::always("id", Shape::Text, "the same, where an older client looks"),
    Field::always("name", Shape::Text, ""),
    Field::always(
        "key_prefix",
        Shape::Text,
        "the beginning of the key, to recognise it by",
    ),
    Field::always("user_id", Shape::Text, "who owns it"),
    Field::always("service_id", Shape::Text, ""),
    Field::always("scopes", Shape::List(&Shape::Text), ""),
    Field::always("environment", Shape::OneOf(&["live", "test", "dev"]), ""),
    Field::always("is_active", Shape::Boolean, "neither revoked nor expired"),
    Field::always(
        "allowed_ips",
        Shape::List(&Shape::Text),
        "ranges; empty means everywhere",
    ),
    Field::always(
        "rate_limit_per_hour",
        Shape::Nullable(&Shape::Integer(10, 100_000_000)),
        "",
    ),
    Field::always(
        "monthly_prediction_limit",
        Shape::Nullable(&Shape::Integer(0, i64::MAX)),
        "always null",
    ),
    Field::always("billing_plan", Shape::OneOf(&["free"]), ""),
    Field::always("created_at", Shape::Time, ""),
    Field::always("expires_at", Shape::Nullable(&Shape::Time), ""),
    Field::always(
        "revoked_at",
        Shape::Nullable(&Shape::Time),
        "in the future while a rotation's overlap lasts",
    ),
    Field::always(
        "last_used_at",
        Shape::Nullable(&Shape::Time),
        "a few seconds behind",
    ),
    Field::always(
        "last_refusal",
        Shape::Nullable(&Shape::Text),
        "why a request with it was refused last",
    ),
    Field::always(
        "rotated_to",
        Shape::Nullable(&Shape::Text),
        "the key that replaced it",
    ),
]);

/// A moment as RFC 3339, in UTC.
pub fn iso(at_ms: i64) -> String {
    moment(at_ms).format(&Rfc3339).unwrap_or_default()
}

/// The month of a moment, as `YYYY-MM`.
pub fn month(at_ms: i64) -> String {
    let at = moment(at_ms);
    format!("{:04}-{:02}", at.year(), u8::from(at.month()))
}

/// The day of a moment, in UTC.
pub fn day(at_ms: i64) -> Day {
    let at = moment(at_ms);
    let text = format!(
        "{:04}-{:02}-{:02}",
        at.year(),
        u8::from(at.month()),
        at.day()
    );
    // A moment beyond the year 9999 has no day that can be written; the last one that has will do.
    Day::parse("day", &text).unwrap_or_else(|_| Day::last())
}

fn moment(at_ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
