//! `POST /api/v1/keys`: makes a key and shows it, once.

use axum::Json;
use axum::extract::State;
use hokusai_core::access::Scope;
use hokusai_core::key::manage::{Reach, may_make};
use hokusai_core::key::{ApiKey, Environment, KeyRecord, RateLimit};
use hokusai_core::random::hex_id;
use hokusai_store::keys;
use ipnet::IpNet;
use serde_json::{Value, json};

use super::{exceeds, is_admin, own};
use crate::auth::service::AuthService;
use crate::auth::view::{KEY_INFO, key_info};
use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};
use crate::json::Params;
use crate::openapi::{Answer, Body, Field, Operation, Shape};

/// What the older command line asked for when nothing was said.
const DEFAULT_SCOPES: [Scope; 3] = [Scope::ModelRead, Scope::ModelWrite, Scope::MlflowAccess];

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

struct Asked {
    name: String,
    owner: String,
    service_id: String,
    environment: Environment,
    scopes: Vec<Scope>,
    allowed_ips: Vec<IpNet>,
    rate_limit: Option<RateLimit>,
    expires_in_ms: Option<i64>,
}

impl Asked {
    fn read(params: &Params, caller: &Caller) -> Result<Self, ApiError> {
        let name = params.opt_str("name")?.unwrap_or_default();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(wrong("name", "1 to 100 characters"));
        }
        if params.value("expires_at").is_some() {
            return Err(wrong("expires_at", "`expires_in_days` in its place"));
        }
        let owner = match params.opt_str("user_id")? {
            Some(owner) if owner == caller.user() || is_admin(caller) => owner,
            Some(_) => {
                return Err(ApiError::new(
                    ErrorKind::PermissionDenied,
                    "Permission denied: only `keys:admin` makes keys for others",
                ));
            }
            None => caller.user().to_owned(),
        };
        Ok(Self {
            name,
            owner,
            service_id: service_id(params.opt_str("service_id")?.as_deref())?,
            environment: environment(params.opt_str("environment")?)?,
            scopes: scopes(params)?,
            allowed_ips: allowed_ips(params)?,
            rate_limit: rate_limit(params)?,
            expires_in_ms: expires_in_ms(params)?,
        })
    }

    fn into_record(self, id: String, key: &ApiKey, now_ms: i64) -> KeyRecord {
        KeyRecord {
            hash: key.hash(),
            name: self.name,
            prefix: key.shown(),
            owner: self.owner,
            service_id: self.service_id,
            environment: self.environment,
            scopes: self.scopes,
            allowed_ips: self.allowed_ips,
            rate_limit: self.rate_limit,
            created_at_ms: now_ms,
            expires_at_ms: self.expires_in_ms.map(|ms| now_ms + ms),
            revoked_at_ms: None,
            last_used_at_ms: None,
            rotated_to: None,
            chain_id: id.clone(),
            last_refusal: None,
            id,
        }
    }
}

fn environment(raw: Option<String>) -> Result<Environment, ApiError> {
    let raw = raw.unwrap_or_else(|| "live".to_owned());
    Environment::parse(&raw).ok_or_else(|| wrong("environment", "`live`, `test` or `dev`"))
}

/// The names under which the platform's services called themselves.
pub(super) fn service_id(raw: Option<&str>) -> Result<String, ApiError> {
    match raw {
        None | Some("platform" | "ml-platform" | "hokusai-data-pipeline") => {
            Ok("platform".to_owned())
        }
        Some(known @ ("website" | "prediction")) => Ok(known.to_owned()),
        Some(_) => Err(wrong("service_id", "`platform`, `website` or `prediction`")),
    }
}

fn scopes(params: &Params) -> Result<Vec<Scope>, ApiError> {
    if params.value("scopes").is_none() {
        return Ok(DEFAULT_SCOPES.to_vec());
    }
    let mut scopes = params
        .str_list("scopes")?
        .iter()
        .map(|raw| {
            raw.parse().map_err(|unknown| {
                ApiError::new(ErrorKind::Unprocessable, format!("`scopes`: {unknown}"))
            })
        })
        .collect::<Result<Vec<Scope>, _>>()?;
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}

fn allowed_ips(params: &Params) -> Result<Vec<IpNet>, ApiError> {
    let raw = params.str_list("allowed_ips")?;
    if raw.is_empty() && params.value("allowed_ips").is_some() {
        return Err(wrong(
            "allowed_ips",
            "at least one address, or no such field at all for no restriction",
        ));
    }
    if raw.len() > MOST_ALLOWED_IPS {
        return Err(wrong("allowed_ips", "at most 64 addresses"));
    }
    raw.iter()
        .map(|text| {
            text.parse::<IpNet>()
                .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
                .map_err(|_| {
                    wrong(
                        "allowed_ips",
                        "addresses like `10.0.0.1` or ranges like `10.0.0.0/8` and `fd00::/8`",
                    )
                })
        })
        .collect()
}

fn rate_limit(params: &Params) -> Result<Option<RateLimit>, ApiError> {
    let raw = params
        .opt_i64("rate_limit_per_hour")
        .map_err(|_| wrong("rate_limit_per_hour", RATE_RANGE))?;
    raw.map(|per_hour| {
        u32::try_from(per_hour)
            .ok()
            .filter(|per_hour| (10..=100_000_000).contains(per_hour))
            .map(|per_hour| RateLimit { per_hour })
            .ok_or_else(|| wrong("rate_limit_per_hour", RATE_RANGE))
    })
    .transpose()
}

fn expires_in_ms(params: &Params) -> Result<Option<i64>, ApiError> {
    if let Some(seconds) = params.opt_i64("expires_in_seconds")? {
        return match seconds {
            1..=31_536_000 => Ok(Some(seconds * 1000)),
            _ => Err(wrong("expires_in_seconds", "1 to 31536000")),
        };
    }
    match params
        .opt_i64("expires_in_days")
        .map_err(|_| wrong("expires_in_days", DAYS_RANGE))?
    {
        None => Ok(None),
        Some(days @ 1..=365) => Ok(Some(days * DAY_MS)),
        Some(_) => Err(wrong("expires_in_days", DAYS_RANGE)),
    }
}

fn wrong(field: &str, expected: &str) -> ApiError {
    ApiError::new(
        ErrorKind::Unprocessable,
        format!("`{field}` must be {expected}"),
    )
    .with("field", field)
}

const RATE_RANGE: &str = "a number from 10 to 100000000";
const DAYS_RANGE: &str = "a number from 1 to 365";
const DAY_MS: i64 = 86_400_000;
/// Every request with the key walks this list.
const MOST_ALLOWED_IPS: usize = 64;

/// What a key may be asked for with.
pub(super) const FIELDS: &[Field] = &[
    Field::always("name", Shape::Sized(1, 100), "for people"),
    Field::maybe(
        "user_id",
        Shape::Text,
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
