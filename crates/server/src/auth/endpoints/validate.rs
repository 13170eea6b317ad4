//! `POST /api/v1/keys/validate`: is this key good, and for what?
//!
//! The platform's command line sent the key in the body, its services in a header; either is accepted, and 400 if they differ. A
//! judged key is 200 with `is_valid`; 401 is for no key at all. A service that has `keys:validate` puts its own key into
//! [`SERVICE_KEY`], a header in which no user's key ever stands; only then `client_ip` is believed and a failed answer is full.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse as _, Response};
use hokusai_core::access::{Action, Scope};
use serde_json::{Value, json};

use super::create::service_id;
use crate::auth::service::{AuthService, Judged, rate_headers};
use crate::error::{ApiError, ErrorKind};
use crate::gate;
use crate::json::Params;

/// Where a service puts its own key.
pub const SERVICE_KEY: &str = "x-hokusai-service-key";

/// Validates a key. Spends one request of the key's rate, like any other use.
pub async fn validate(
    State(service): State<AuthService>,
    request: Request,
) -> Result<Response, ApiError> {
    let peer = gate::client_ip(&request);
    let header = header_key(request.headers(), request.uri().query())?;
    let is_service = is_service(&service, request.headers(), peer)?;
    let params = body(request).await?;
    let (key, source) = one_key(header, params.opt_str("api_key")?)?;
    let client_ip = claimed_ip(&params, is_service, peer)?;
    let action = required_action(&params)?;
    service_id(params.opt_str("service_id")?.as_deref())?;
    match service
        .judge_raw(&key, source, client_ip, None)
        .and_then(|judged| in_scope(judged, action))
    {
        Ok(judged) => Ok(accepted(&service, &judged)),
        Err(refused) if refused.kind() == ErrorKind::Unavailable => Err(refused),
        Err(refused) => Ok(refusal(&service, &refused, &key, is_service)),
    }
}

fn accepted(service: &AuthService, judged: &Judged) -> Response {
    let record = &judged.record;
    let mut response = Json(json!({
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
        "spends_rate": true,
        "database_heard_ms_ago": service.age_ms(),
        "error": null,
    }))
    .into_response();
    for (name, value) in judged.rate.map(rate_headers).unwrap_or_default() {
        if let Ok(value) = value.parse() {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// What a refused caller learns: the reason, and to a service also whose key it was.
fn refusal(service: &AuthService, refused: &ApiError, key: &str, is_service: bool) -> Response {
    let mut body = json!({
        "is_valid": false,
        "code": refused.field("code").cloned().unwrap_or(Value::Null),
        "error": refused.message(),
    });
    if is_service
        && let Some(record) = service.by_raw(key)
        && let Some(fields) = body.as_object_mut()
    {
        fields.insert("key_id".to_owned(), record.id.clone().into());
        fields.insert("user_id".to_owned(), record.owner.clone().into());
    }
    if refused.kind() == ErrorKind::RateLimited {
        return refused.clone().with("is_valid", false).into_response();
    }
    Json(body).into_response()
}

fn header_key(
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<Option<(String, &'static str)>, ApiError> {
    match gate::presented_key(headers, query) {
        Ok(found) => Ok(Some(found)),
        Err(refused) if refused.field("code").and_then(Value::as_str) == Some("missing") => {
            Ok(None)
        }
        Err(refused) => Err(refused),
    }
}

fn is_service(
    service: &AuthService,
    headers: &HeaderMap,
    peer: Option<IpAddr>,
) -> Result<bool, ApiError> {
    let Some(credential) = headers.get(SERVICE_KEY) else {
        return Ok(false);
    };
    let credential = credential.to_str().unwrap_or_default();
    service
        .judge_raw(credential, SERVICE_KEY, peer, Some(Action::ValidateKeys))
        .map(|_| true)
}

async fn body(request: Request) -> Result<Params, ApiError> {
    let is_empty = request
        .headers()
        .get("content-length")
        .is_none_or(|length| length == "0")
        && request.headers().get("transfer-encoding").is_none();
    if is_empty {
        Ok(Params::default())
    } else {
        Params::from_request(request, &()).await
    }
}

fn one_key(
    header: Option<(String, &'static str)>,
    body: Option<String>,
) -> Result<(String, &'static str), ApiError> {
    match (header, body) {
        (Some((header, _)), Some(body)) if header != body => Err(ApiError::new(
            ErrorKind::BadRequest,
            "the header and the body carry different keys: send the key to be validated in one of them, \
             and a service's own key in X-Hokusai-Service-Key",
        )
        .with("code", "keys_differ")),
        (Some(found), _) => Ok(found),
        (None, Some(body)) => Ok((body, "the body's `api_key`")),
        (None, None) => Err(ApiError::new(
            ErrorKind::Unauthenticated,
            "API key required: send it as `Authorization: Bearer …` or as `api_key` in the JSON body",
        )
        .with("code", "missing")),
    }
}

fn claimed_ip(
    params: &Params,
    is_service: bool,
    peer: Option<IpAddr>,
) -> Result<Option<IpAddr>, ApiError> {
    match params.opt_str("client_ip")? {
        None if is_service => Ok(None),
        None => Ok(peer),
        Some(_) if !is_service => Err(ApiError::new(
            ErrorKind::BadRequest,
            "`client_ip` is only believed from a service with the scope `keys:validate` in X-Hokusai-Service-Key: leave it out",
        )),
        Some(ip) => ip
            .parse::<IpAddr>()
            .map(|ip| Some(ip.to_canonical()))
            .map_err(|_| {
                ApiError::new(
                    ErrorKind::Unprocessable,
                    "`client_ip` must be an address like `10.0.0.1` or `fd00::1`",
                )
            }),
    }
}

fn required_action(params: &Params) -> Result<Option<Scope>, ApiError> {
    params
        .opt_str("required_scope")?
        .map(|raw| {
            raw.parse().map_err(|unknown| {
                ApiError::new(
                    ErrorKind::Unprocessable,
                    format!("`required_scope`: {unknown}"),
                )
            })
        })
        .transpose()
}

fn in_scope(judged: Judged, required: Option<Scope>) -> Result<Judged, ApiError> {
    match required {
        Some(scope) if !hokusai_core::access::covers(&judged.record.scopes, &[scope]) => {
            Err(ApiError::new(
                ErrorKind::PermissionDenied,
                format!("Permission denied: the key lacks the scope `{scope}`"),
            )
            .with("code", "scope"))
        }
        _ => Ok(judged),
    }
}
