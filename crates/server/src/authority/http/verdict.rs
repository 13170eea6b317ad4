//! A signed verdict, read strictly: a field that is missing or of the wrong kind makes it none.

use hokusai_core::key::{Environment, KeyHash, KeyRecord, RateLimit};
use serde::{Deserialize, Deserializer};

use crate::auth::judging::coded;
use crate::error::{ApiError, ErrorKind};

/// What the auth service said.
pub(super) enum Verdict {
    /// The key is good, as far as the auth service can tell.
    Accepted {
        /// What is known of it.
        record: Box<KeyRecord>,
        /// The epoch that it was read at.
        epoch: i64,
        /// How long ago the auth service heard its database, in milliseconds.
        heard_ms_ago: u64,
    },
    /// The key is refused.
    Refused(ApiError),
}

#[derive(Deserialize)]
struct Outcome {
    is_valid: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "a verdict has exactly these fields, whether or not they are looked at"
)]
struct Good {
    is_valid: bool,
    error: (),
    billing_plan: String,
    monthly_prediction_limit: (),
    spends_rate: bool,
    epoch: i64,
    key_id: String,
    name: String,
    user_id: String,
    service_id: String,
    environment: String,
    scopes: Vec<String>,
    allowed_ips: Vec<String>,
    #[serde(deserialize_with = "null_or_value")]
    rate_limit_per_hour: Option<u32>,
    #[serde(deserialize_with = "null_or_value")]
    expires_at_ms: Option<i64>,
    #[serde(deserialize_with = "null_or_value")]
    revoked_at_ms: Option<i64>,
    chain_id: String,
    database_heard_ms_ago: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "a verdict has exactly these fields, whether or not they are looked at"
)]
struct Bad {
    is_valid: bool,
    epoch: i64,
    key_id: Option<String>,
    user_id: Option<String>,
    code: String,
    error: String,
}

/// What the auth service says of all keys at once.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EpochNotice {
    /// Moves with every change to a key.
    pub(super) epoch: i64,
    /// How long ago the auth service heard its database, in milliseconds.
    pub(super) database_heard_ms_ago: u64,
    /// How long that may be used when nobody can be asked, in milliseconds.
    pub(super) stale_window_ms: u64,
}

impl EpochNotice {
    /// Reads the signed bytes.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        parse(bytes)
    }
}

impl Verdict {
    /// Reads the signed bytes of a verdict on the key with this hash.
    pub(super) fn read(bytes: &[u8], hash: KeyHash) -> Result<Self, String> {
        let outcome: Outcome = parse(bytes)?;
        if outcome.is_valid {
            let good: Good = parse(bytes)?;
            let (heard_ms_ago, epoch) = (good.database_heard_ms_ago, good.epoch);
            let record = Box::new(good.into_record(hash)?);
            return Ok(Self::Accepted {
                record,
                epoch,
                heard_ms_ago,
            });
        }
        let bad: Bad = parse(bytes)?;
        let (kind, code) = REASONS
            .into_iter()
            .find(|(_, code)| *code == bad.code)
            .ok_or_else(|| format!("unknown reason `{}`", bad.code))?;
        Ok(Self::Refused(coded(kind, bad.error, code)))
    }
}

impl Good {
    fn into_record(self, hash: KeyHash) -> Result<KeyRecord, String> {
        Ok(KeyRecord {
            id: self.key_id,
            hash,
            name: self.name,
            prefix: String::new(),
            owner: self.user_id,
            service_id: self.service_id,
            environment: Environment::parse(&self.environment)
                .ok_or_else(|| format!("unknown environment `{}`", self.environment))?,
            // A scope that only a later release knows allows nothing here.
            scopes: self
                .scopes
                .iter()
                .filter_map(|raw| raw.parse().ok())
                .collect(),
            allowed_ips: self
                .allowed_ips
                .iter()
                .map(|raw| raw.parse())
                .collect::<Result<_, _>>()
                .map_err(|_| "an allowed address cannot be read".to_owned())?,
            rate_limit: self
                .rate_limit_per_hour
                .map(|per_hour| RateLimit { per_hour }),
            created_at_ms: 0,
            expires_at_ms: self.expires_at_ms,
            revoked_at_ms: self.revoked_at_ms,
            last_used_at_ms: None,
            rotated_to: None,
            chain_id: self.chain_id,
            last_refusal: None,
        })
    }
}

/// Null is an answer, silence is none: a verdict that does not say when a key ends is not a key without an end.
fn null_or_value<'d, D: Deserializer<'d>, T: Deserialize<'d>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

fn parse<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("not a verdict: {error}"))
}

const REASONS: [(ErrorKind, &str); 8] = [
    (ErrorKind::Unauthenticated, "missing"),
    (ErrorKind::Unauthenticated, "malformed"),
    (ErrorKind::Unauthenticated, "checksum"),
    (ErrorKind::Unauthenticated, "unknown"),
    (ErrorKind::Unauthenticated, "revoked"),
    (ErrorKind::Unauthenticated, "expired"),
    (ErrorKind::PermissionDenied, "ip"),
    (ErrorKind::PermissionDenied, "scope"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn good() -> Value {
        json!({
            "is_valid": true, "error": null, "billing_plan": "free", "monthly_prediction_limit": null, "spends_rate": false,
            "epoch": 7, "key_id": "k", "name": "n", "user_id": "ada", "service_id": "platform", "environment": "live",
            "scopes": ["model:read"], "allowed_ips": ["10.0.0.0/8"], "rate_limit_per_hour": null, "expires_at_ms": null,
            "revoked_at_ms": null, "chain_id": "k", "database_heard_ms_ago": 3,
        })
    }

    fn is_a_verdict(value: &Value) -> bool {
        Verdict::read(value.to_string().as_bytes(), KeyHash([0; 32])).is_ok()
    }

    #[test]
    fn only_what_has_exactly_the_fields_of_a_verdict_is_one() {
        assert!(is_a_verdict(&good()));
        let names: Vec<String> = good().as_object().unwrap().keys().cloned().collect();
        for name in names {
            let mut without = good();
            without.as_object_mut().unwrap().remove(&name);
            let mut mistyped = good();
            mistyped[&name] = json!({"x": 1});
            assert!(!is_a_verdict(&without), "without {name}");
            assert!(!is_a_verdict(&mistyped), "{name} is an object");
        }
        let mut more = good();
        more["is_admin"] = json!(true);
        assert!(!is_a_verdict(&more));
        for other in [
            json!({"is_valid": true}),
            json!([good()]),
            json!("true"),
            json!(null),
        ] {
            assert!(!is_a_verdict(&other), "{other}");
        }
        let reason =
            |code: &str| json!({"is_valid": false, "epoch": 7, "code": code, "error": "e"});
        assert!(is_a_verdict(&reason("revoked")));
        assert!(!is_a_verdict(&reason("surprise")));
    }
}
