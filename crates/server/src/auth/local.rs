//! The auth API for somebody who holds the database itself: recovery when no key is left. What they do is audited as [`LOCAL`].

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use hokusai_core::access::Scope;
use hokusai_core::key::{ApiKey, Environment, KeyHash, KeyRecord};
use serde_json::Value;
use tower::ServiceExt as _;

use super::service::AuthService;
use crate::authority::{Authority, Identity, Judgement, Presented};
use crate::error::ApiError;
use crate::metrics::Metrics;
use crate::routing;

/// The actor in the audit log; no key has this id.
pub const LOCAL: &str = "local";

/// Sends one request to the auth API as the holder of the database. Answers the status and the JSON body.
pub async fn ask(
    service: &AuthService,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<(u16, Value), ApiError> {
    let authority: Arc<dyn Authority> = Arc::new(Holder);
    let router = routing::service(
        "auth",
        super::routes(),
        service.clone(),
        Some(&authority),
        service.random(),
        Metrics::new("auth"),
    );
    // The gate asks for some key; the holder needs none, so it is a fresh one that nobody knows.
    let token = ApiKey::generate(Environment::Dev, service.random().as_ref());
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()));
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let content = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = request
        .body(content)
        .map_err(|error| ApiError::internal(error.to_string()))?;
    let response = router
        .oneshot(request)
        .await
        .unwrap_or_else(|never| match never {});
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), MOST_ANSWER_BYTES)
        .await
        .map_err(|error| ApiError::internal(error.to_string()))?;
    Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
}

/// What the holder of the database counts as when reach is compared: everything, without end.
pub(super) fn record() -> KeyRecord {
    KeyRecord {
        id: LOCAL.to_owned(),
        hash: KeyHash([0; 32]),
        name: LOCAL.to_owned(),
        prefix: String::new(),
        owner: OWNER.to_owned(),
        service_id: "platform".to_owned(),
        environment: Environment::Live,
        scopes: vec![Scope::Admin],
        allowed_ips: Vec::new(),
        rate_limit: None,
        created_at_ms: 0,
        expires_at_ms: None,
        revoked_at_ms: None,
        last_used_at_ms: None,
        rotated_to: None,
        chain_id: LOCAL.to_owned(),
        last_refusal: None,
    }
}

struct Holder;

impl Authority for Holder {
    fn heard_ms_ago(&self) -> Option<u64> {
        Some(0)
    }

    fn judge(&self, _presented: Presented) -> Judgement<'_> {
        Box::pin(std::future::ready(Ok(Identity {
            key_id: LOCAL.to_owned(),
            user: OWNER.to_owned(),
            scopes: vec![Scope::Admin],
            headers: Vec::new(),
        })))
    }
}

/// Who owns keys that are made this way, unless somebody is named; the first key of a database has the same owner.
const OWNER: &str = "admin";
/// A list of every key of a large company; whoever reads it sits at this machine.
const MOST_ANSWER_BYTES: usize = 256 * 1024 * 1024;
