//! `POST /api/v1/keys/validate`: is this key good, and for what?
//!
//! The platform's command line sent the key in the body, its services in a header; either is accepted, and 400 if they differ. A
//! judged key is 200 with `is_valid`; 401 is for no key at all. A service that has `keys:validate` puts its own key into
//! [`SERVICE_KEY`], a header in which no user's key ever stands; only then `client_ip` is believed and the answer is full and signed.

mod answer;

pub(super) use answer::signed;

use std::net::IpAddr;

use axum::extract::{FromRequest as _, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use hokusai_core::access::{Action, Scope, covers};
use hokusai_core::key::ApiKey;
use serde_json::Value;

use super::create::service_id;
use crate::auth::judging::{Judged, Question, coded};
use crate::auth::service::{AuthService, lock};
use crate::error::{ApiError, ErrorKind};
use crate::gate;
use crate::json::Params;
use crate::openapi::{Answer, Body, Field, Operation, Shape};

/// Where a service puts its own key.
pub const SERVICE_KEY: &str = "x-hokusai-service-key";

/// A service's nonce, which makes the signature of an old answer worthless.
pub const NONCE: &str = "x-hokusai-nonce";

/// The signature of a full answer.
pub const SIGNATURE: &str = "x-hokusai-verdict-signature";

/// Validates a key. Spends one request of the key's rate unless a service says `"spend": false`; the answer says which.
pub async fn validate(
    State(service): State<AuthService>,
    request: Request,
) -> Result<Response, ApiError> {
    let peer = gate::client_ip(&request);
    let header = header_key(request.headers(), request.uri().query())?;
    let asking = asking_service(&service, request.headers(), peer).await?;
    let nonce = text_header(request.headers(), NONCE);
    let params = body(request).await?;
    let (key, source) = one_key(header, params.opt_str("api_key")?)?;
    let question = Question {
        raw: &key,
        source,
        client_ip: claimed_ip(&params, asking.is_some(), peer)?,
        action: None,
        spends: asking.is_none() || params.opt_bool("spend")?.unwrap_or(true),
    };
    let required = required_scope(&params)?;
    service_id(params.opt_str("service_id")?.as_deref())?;
    let judged = service
        .judge_key(&question)
        .await
        .and_then(|judged| in_scope(judged, required));
    match (judged, asking) {
        (Err(refused), _) if refused.kind() == ErrorKind::Unavailable => Err(refused),
        (judged, Some(credential)) => {
            let body = answer::full(&service, judged.as_ref(), &question);
            Ok(answer::signed(&body, &credential, &nonce, &key))
        }
        (Ok(judged), None) => Ok(answer::accepted(&service, &judged, question.spends)),
        (Err(refused), None) => {
            let failures =
                lock(&service.shared.failures).count(peer, service.clock().monotonic_ms());
            if failures.allowed {
                Ok(answer::refused(&refused))
            } else {
                Err(too_many_failures(failures.retry_after_s))
            }
        }
    }
}

fn too_many_failures(wait_s: u64) -> ApiError {
    coded(
        ErrorKind::RateLimited,
        format!("too many bad keys from this address: come back in {wait_s} s with a good one"),
        "rate",
    )
    .retry_after(wait_s.max(1))
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

pub(super) fn text_header(headers: &HeaderMap, name: &str) -> String {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

/// The credential of the service that asks, if one asks. A bad one is refused: it must not fall back to an anonymous question.
async fn asking_service(
    service: &AuthService,
    headers: &HeaderMap,
    peer: Option<IpAddr>,
) -> Result<Option<ApiKey>, ApiError> {
    if !headers.contains_key(SERVICE_KEY) {
        return Ok(None);
    }
    let raw = text_header(headers, SERVICE_KEY);
    service
        .judge_key(&Question {
            raw: &raw,
            source: "X-Hokusai-Service-Key",
            client_ip: peer,
            action: Some(Action::ValidateKeys),
            spends: false,
        })
        .await?;
    Ok(ApiKey::parse(&raw).ok())
}

async fn body(request: Request) -> Result<Params, ApiError> {
    let length = text_header(request.headers(), "content-length");
    let is_empty = (length.is_empty() || length == "0")
        && request.headers().get("transfer-encoding").is_none();
    if is_empty {
        return Ok(Params::default());
    }
    if length
        .parse()
        .is_ok_and(|length: u64| length > MOST_BODY_BYTES)
        || length.is_empty()
    {
        return Err(ApiError::new(
            ErrorKind::TooLarge,
            format!("send a body with a Content-Length of at most {MOST_BODY_BYTES} bytes"),
        ));
    }
    Params::from_request(request, &()).await
}

fn one_key(
    header: Option<(String, &'static str)>,
    body: Option<String>,
) -> Result<(String, &'static str), ApiError> {
    match (header, body) {
        (Some((header, _)), Some(body)) if header != body => Err(coded(
            ErrorKind::BadRequest,
            "the header and the body carry different keys: send the key to be validated in one of them, \
             and a service's own key in X-Hokusai-Service-Key"
                .to_owned(),
            "keys_differ",
        )),
        (Some(found), _) => Ok(found),
        (None, Some(body)) => Ok((body, "the body's `api_key`")),
        (None, None) => Err(coded(
            ErrorKind::Unauthenticated,
            "API key required: send it as `Authorization: Bearer …` or as `api_key` in the JSON body"
                .to_owned(),
            "missing",
        )),
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

fn required_scope(params: &Params) -> Result<Option<Scope>, ApiError> {
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
        Some(scope) if !covers(&judged.record.scopes, &[scope]) => Err(coded(
            ErrorKind::PermissionDenied,
            format!(
                "Permission denied: the key lacks the scope `{scope}`; `hokusai keys create --name NAME --scope {scope}` \
                 makes one that has it"
            ),
            "scope",
        )),
        _ => Ok(judged),
    }
}

/// A key, a scope and an address need no more; nobody is known yet when this is read.
const MOST_BODY_BYTES: u64 = 16 * 1024;

/// For the document.
pub const DOC: Operation = Operation {
    summary: "Is this key good, and for what?",
    description: "The key stands in any header that carries one or in the body; two that differ are refused. A service with the scope \
                  `keys:validate` names itself in X-Hokusai-Service-Key: then `client_ip` is believed, and the answer holds all that \
                  is known of the key and is signed.",
    headers: &[
        Field::maybe(
            "X-Hokusai-Service-Key",
            Shape::Text,
            "the key of the service that asks",
        ),
        Field::maybe(
            "X-Hokusai-Nonce",
            Shape::Text,
            "a service's nonce, which its signature covers",
        ),
    ],
    body: Some(Body {
        is_required: false,
        fields: &[
            Field::maybe(
                "api_key",
                Shape::Text,
                "the key, unless a header carries it",
            ),
            Field::maybe(
                "required_scope",
                Shape::Text,
                "also asks whether the key has this scope",
            ),
            Field::maybe("service_id", Shape::Text, "platform, website or prediction"),
            Field::maybe(
                "client_ip",
                Shape::Text,
                "the address that allowlists see; only from a service",
            ),
            Field::maybe(
                "spend",
                Shape::Boolean,
                "whether this spends a request of the key's rate; only from a service",
            ),
        ],
    }),
    refusals: &[401, 403, 422, 429, 503],
    answer: Answer::Json(Shape::Object(&[
        Field::always("is_valid", Shape::Boolean, ""),
        Field::always(
            "error",
            Shape::Nullable(&Shape::Text),
            "why the key is refused",
        ),
        Field::maybe("code", Shape::Text, "the reason in one word"),
        Field::maybe("key_id", Shape::Text, ""),
        Field::maybe("user_id", Shape::Text, ""),
        Field::maybe("service_id", Shape::Text, ""),
        Field::maybe("scopes", Shape::List(&Shape::Text), ""),
        Field::maybe("environment", Shape::OneOf(&["live", "test", "dev"]), ""),
        Field::maybe(
            "rate_limit_per_hour",
            Shape::Nullable(&Shape::Integer(10, 100_000_000)),
            "",
        ),
        Field::maybe("billing_plan", Shape::OneOf(&["free"]), ""),
        Field::maybe(
            "monthly_prediction_limit",
            Shape::Nullable(&Shape::Integer(0, i64::MAX)),
            "always null",
        ),
        Field::maybe(
            "expires_at_ms",
            Shape::Nullable(&Shape::Integer(0, i64::MAX)),
            "milliseconds since 1970",
        ),
        Field::maybe(
            "spends_rate",
            Shape::Boolean,
            "whether this spent a request of the key's rate",
        ),
        Field::maybe(
            "database_heard_ms_ago",
            Shape::Integer(0, i64::MAX),
            "how old this knowledge is",
        ),
    ])),
    ..Operation::answering("", Shape::Any)
};
