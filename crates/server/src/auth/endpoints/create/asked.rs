//! What a new key is asked for with, field by field.

use hokusai_core::access::Scope;
use hokusai_core::key::{ApiKey, Environment, KeyRecord, RateLimit};
use hokusai_core::text_limit;
use ipnet::IpNet;

use super::super::is_admin;
use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};
use crate::json::Params;

pub(super) struct Asked {
    name: String,
    owner: String,
    service_id: String,
    pub(super) environment: Environment,
    scopes: Vec<Scope>,
    allowed_ips: Vec<IpNet>,
    rate_limit: Option<RateLimit>,
    expires_in_ms: Option<i64>,
}

impl Asked {
    pub(super) fn read(params: &Params, caller: &Caller) -> Result<Self, ApiError> {
        let name = params.opt_str("name")?.unwrap_or_default();
        if name.is_empty() || name.chars().count() > MOST_NAME_CHARS {
            return Err(wrong("name", "1 to 100 characters"));
        }
        if params.value("expires_at").is_some() {
            return Err(wrong("expires_at", "`expires_in_days` in its place"));
        }
        let owner = params.opt_str("user_id")?;
        if let Some(owner) = &owner
            && (owner.is_empty() || text_limit::USER.check("user_id", owner).is_err())
        {
            return Err(wrong("user_id", "1 to 256 characters"));
        }
        let owner = match owner {
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

    pub(super) fn into_record(self, id: String, key: &ApiKey, now_ms: i64) -> KeyRecord {
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
pub(in crate::auth) fn service_id(raw: Option<&str>) -> Result<String, ApiError> {
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
    let asked = params.str_list("scopes")?;
    if asked.is_empty() || asked.len() > MOST_SCOPES {
        return Err(wrong("scopes", "1 to 32 scopes, or no such field at all"));
    }
    let mut scopes = asked
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
            .filter(|per_hour| (LEAST_PER_HOUR..=MOST_PER_HOUR).contains(per_hour))
            .map(|per_hour| RateLimit { per_hour })
            .ok_or_else(|| wrong("rate_limit_per_hour", RATE_RANGE))
    })
    .transpose()
}

fn expires_in_ms(params: &Params) -> Result<Option<i64>, ApiError> {
    if let Some(seconds) = params
        .opt_i64("expires_in_seconds")
        .map_err(|_| wrong("expires_in_seconds", SECONDS_RANGE))?
    {
        return match seconds {
            1..=MOST_LIFE_S => Ok(Some(seconds * 1000)),
            _ => Err(wrong("expires_in_seconds", SECONDS_RANGE)),
        };
    }
    match params
        .opt_i64("expires_in_days")
        .map_err(|_| wrong("expires_in_days", DAYS_RANGE))?
    {
        None => Ok(None),
        Some(days @ 1..=MOST_DAYS) => Ok(Some(days * DAY_MS)),
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
const SECONDS_RANGE: &str = "a number from 1 to 31536000";
/// The older API's limit of a key's name, in characters.
const MOST_NAME_CHARS: usize = 100;
/// The older API's least rate.
const LEAST_PER_HOUR: u32 = 10;
/// 28,000 a second: more than a service of ours answers.
const MOST_PER_HOUR: u32 = 100_000_000;
/// The older API's longest life of a key, in days.
const MOST_DAYS: i64 = 365;
/// The same in seconds.
const MOST_LIFE_S: i64 = 31_536_000;
const DAY_MS: i64 = 86_400_000;
/// More than there are; a scope may be named twice.
const MOST_SCOPES: usize = 32;
/// Every request with the key walks this list.
const MOST_ALLOWED_IPS: usize = 64;

/// What the older command line asked for when nothing was said.
const DEFAULT_SCOPES: [Scope; 3] = [Scope::ModelRead, Scope::ModelWrite, Scope::MlflowAccess];
