//! Routes as data: method, path, who may use it, handler. The router and the default-deny test are made from the same list.

use std::sync::Arc;

use axum::extract::{OriginalUri, Request};
use axum::handler::Handler;
use axum::http::{HeaderValue, Method, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, any, on};
use axum::{Extension, Router};
use hokusai_core::random::Random;
use percent_encoding::percent_decode_str;

use crate::authority::Authority;
use crate::base_path;
use crate::body::BodyMemory;
use crate::error::{ApiError, ErrorKind};
use crate::gate::{self, Access, Gate};
use crate::metrics::{self, Counted, Metrics};
use crate::openapi::Operation;
use crate::request_id;

/// One route of a service whose handlers share the state `S`.
pub struct Route<S> {
    method: Method,
    path: &'static str,
    access: Access,
    handler: MethodRouter<S>,
    doc: Option<&'static Operation>,
}

impl<S: Clone + Send + Sync + 'static> Route<S> {
    /// A GET route.
    pub fn get<H: Handler<T, S>, T: 'static>(
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        Self {
            method: Method::GET,
            path,
            access,
            handler: on(MethodFilter::GET, handler),
            doc: None,
        }
    }

    /// A POST route.
    pub fn post<H: Handler<T, S>, T: 'static>(
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        Self {
            method: Method::POST,
            path,
            access,
            handler: on(MethodFilter::POST, handler),
            doc: None,
        }
    }

    /// A PUT route.
    pub fn put<H: Handler<T, S>, T: 'static>(
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        Self {
            method: Method::PUT,
            path,
            access,
            handler: on(MethodFilter::PUT, handler),
            doc: None,
        }
    }

    /// A PATCH route.
    pub fn patch<H: Handler<T, S>, T: 'static>(
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        Self {
            method: Method::PATCH,
            path,
            access,
            handler: on(MethodFilter::PATCH, handler),
            doc: None,
        }
    }

    /// A DELETE route.
    pub fn delete<H: Handler<T, S>, T: 'static>(
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        Self {
            method: Method::DELETE,
            path,
            access,
            handler: on(MethodFilter::DELETE, handler),
            doc: None,
        }
    }

    /// Says what clients must know of it; see [`crate::openapi`].
    #[must_use]
    pub const fn describe(mut self, doc: &'static Operation) -> Self {
        self.doc = Some(doc);
        self
    }

    /// What clients must know of it.
    pub const fn doc(&self) -> Option<&'static Operation> {
        self.doc
    }

    /// The method.
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The canonical path, in axum's notation.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Who may use it.
    pub const fn access(&self) -> Access {
        self.access
    }
}

/// A service's router: every route counted and behind its gate, every base path, request ids, and who answered.
pub fn service<S: Clone + Send + Sync + 'static>(
    name: &'static str,
    routes: Vec<Route<S>>,
    state: S,
    authority: Option<&Arc<dyn Authority>>,
    random: Arc<dyn Random>,
    metrics: Metrics,
) -> Router {
    let metrics = Arc::new(metrics);
    let counted = |method, route| {
        let metrics = Arc::clone(&metrics);
        middleware::from_fn_with_state(
            Counted {
                metrics,
                method,
                route,
            },
            metrics::layer,
        )
    };
    let mut inner = Router::new();
    for route in routes {
        let gate = Gate {
            authority: authority.cloned(),
            access: route.access,
        };
        inner = inner.route(
            route.path,
            route
                .handler
                .layer(middleware::from_fn_with_state(gate, gate::layer))
                .layer(counted(metrics::label(&route.method), route.path)),
        );
    }
    let inner = inner
        .fallback_service(any(unknown).layer(counted("", "unknown")))
        .method_not_allowed_fallback(wrong_method)
        .with_state(state);
    Router::new()
        .fallback_service(tower::util::MapRequest::new(inner, to_canonical))
        .layer(axum::Extension(BodyMemory::default()))
        .layer(middleware::from_fn_with_state(random, request_id::layer))
        .layer(Extension(metrics))
        .layer(middleware::map_response(move |response: Response| {
            std::future::ready(answered_by(name, response))
        }))
}

/// Names the service that answered: the incident's question was exactly that.
pub const ANSWERED_BY: &str = "x-hokusai-answered-by";

fn answered_by(name: &'static str, mut response: Response) -> Response {
    response
        .headers_mut()
        .entry(ANSWERED_BY)
        .or_insert(HeaderValue::from_static(name));
    response
        .headers_mut()
        .entry("x-content-type-options")
        .or_insert(HeaderValue::from_static("nosniff"));
    response
        .headers_mut()
        .entry("x-frame-options")
        .or_insert(HeaderValue::from_static("SAMEORIGIN"));
    response
}

fn to_canonical(mut request: Request) -> Request {
    let original = request.uri().clone();
    if let Some(uri) = canonical_uri(&original) {
        *request.uri_mut() = uri;
    }
    request.extensions_mut().insert(OriginalUri(original));
    request
}

fn canonical_uri(uri: &Uri) -> Option<Uri> {
    let path = base_path::canonical(uri.path());
    if path == uri.path() {
        return None;
    }
    let path_and_query = uri
        .query()
        .map_or_else(|| path.to_string(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// A route of the client that is not known: what came in, and which base URL to use.
async fn unknown(request: Request) -> Response {
    let path = received(&request);
    let message = format!(
        "no route for {} {path}: set MLFLOW_TRACKING_URI to this server's own address, without a path \
         (or ending in /mlflow, /api/mlflow or /api/2.0/mlflow)",
        request.method()
    );
    ApiError::new(ErrorKind::UnknownEndpoint, message)
        .with("method", request.method().as_str())
        .with("path", path)
        .into_response()
}

async fn wrong_method(request: Request) -> Response {
    let message = format!(
        "{} is not a method of {}",
        request.method(),
        received(&request)
    );
    ApiError::new(ErrorKind::MethodNotAllowed, message).into_response()
}

/// The path as the client sent it, cut to a bearable length and with what looks like a key masked.
fn received(request: &Request) -> String {
    let uri = request
        .extensions()
        .get::<OriginalUri>()
        .map_or_else(|| request.uri(), |original| &original.0);
    mask(&uri.path().chars().take(MAX_ECHO).collect::<String>())
}

/// Replaces what has the shape of a key by its prefix, also if it is percent-encoded, however often: then the whole text is shown decoded.
pub fn mask(text: &str) -> String {
    let mut decoded = text.to_owned();
    for _ in 0..MOST_DECODINGS {
        let next = percent_decode_str(&decoded)
            .decode_utf8_lossy()
            .into_owned();
        if next == decoded {
            let masked = mask_plain(&decoded);
            return if masked == decoded {
                text.to_owned()
            } else {
                masked
            };
        }
        decoded = next;
    }
    "(encoded many times)".to_owned()
}

fn mask_plain(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("hk_") {
        masked.push_str(before);
        let tail = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let is_prefix_only = after.len() - tail.len() < SHORTEST_SECRET;
        masked.push_str(if is_prefix_only { "hk_" } else { "hk_***" });
        rest = if is_prefix_only { after } else { tail };
    }
    masked.push_str(rest);
    masked
}

/// `hk_live_` by itself is an explanation; what has more behind it may be part of a key.
const SHORTEST_SECRET: usize = 10;

/// Nobody encodes as often as this and means well.
const MOST_DECODINGS: usize = 8;

/// Longer paths are cut in messages.
const MAX_ECHO: usize = 300;

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn what_looks_like_a_key_is_masked() {
        assert_eq!(mask("/a/hk_live_abcDEF123/b"), "/a/hk_***/b");
        assert_eq!(mask("/a/b"), "/a/b");
        assert_eq!(mask("/a%2fb/%zz"), "/a%2fb/%zz");
        for encoded in [
            "/%68k_live_abcDEF123/b",
            "/hk%5Flive%5FabcDEF123/b",
            "/hk%255Flive_abcDEF%25252d123/b",
        ] {
            let shown = mask(encoded);
            assert!(
                shown.starts_with("/hk_***") && !shown.contains("abcDEF"),
                "{shown}"
            );
        }
        let beside = mask("/hk_live_abcDEF123/%68k_live_ghiJKL456/%2568k_live_mnoPQR789");
        assert_eq!(beside, "/hk_***/hk_***/hk_***");
        assert!(!mask(&format!("/hk%{}5flive_abcDEF123", "25".repeat(20))).contains("abc"));
        assert_eq!(
            mask("keys look like `hk_live_` and hk_test_"),
            "keys look like `hk_live_` and hk_test_"
        );
    }
}
