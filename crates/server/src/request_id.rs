//! The id that follows a request through front door, services and log.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use hokusai_core::random::Random;

use crate::routing::mask;

tokio::task_local! {
    static CURRENT: Arc<str>;
}

/// The header that carries the id, in and out.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request that this task serves, or `-` outside of one.
pub fn current() -> Arc<str> {
    CURRENT
        .try_with(Arc::clone)
        .unwrap_or_else(|_| Arc::from("-"))
}

/// Takes the id that the caller sent, if it is one, or makes one; returns it on the response.
pub async fn layer(
    State(random): State<Arc<dyn Random>>,
    request: Request,
    next: Next,
) -> Response {
    let id: Arc<str> = request
        .headers()
        .get(HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|id| is_id(id))
        .map_or_else(|| fresh(random.as_ref()), Arc::from);
    // Names of headers, never values: one of them is a key.
    tracing::trace!(
        request.id = %id,
        http.method = %request.method(),
        http.path = %mask(request.uri().path()),
        http.headers = ?request.headers().keys().map(HeaderName::as_str).collect::<Vec<_>>(),
        "request"
    );
    let mut response = CURRENT.scope(Arc::clone(&id), next.run(request)).await;
    tracing::trace!(request.id = %id, http.status = response.status().as_u16(), "response");
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// Ids are short and plain, so that nothing can be smuggled into a log line; 26 characters or more could be a key.
fn is_id(id: &str) -> bool {
    (8..=36).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

fn fresh(random: &dyn Random) -> Arc<str> {
    let mut bytes = [0_u8; 8];
    random.fill(&mut bytes);
    let mut id = String::with_capacity(16);
    for byte in bytes {
        let _ = write!(id, "{byte:02x}");
    }
    Arc::from(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_short_ids_are_taken_over() {
        assert!(is_id("0123456789abcdef"));
        for id in ["", "short", "line\nbreak", "not-a-hex-id", &"a".repeat(37)] {
            assert!(!is_id(id), "{id}");
        }
    }
}
