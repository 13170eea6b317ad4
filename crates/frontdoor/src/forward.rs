//! One request on its way through the door.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hokusai_routes::matcher;
use hokusai_routes::model::{Action, Forward, Listener, Test};
use hokusai_routes::request::Request as Seen;
use hokusai_wire::client_addr::TrustedProxies;
use hokusai_wire::serve::PeerAddr;
use http::header::HOST;
use http::{Request, Response, StatusCode, Uri, Version};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;

use crate::answer::{DoorBody, fixed, own};
use crate::group::Group;
use crate::headers;

/// A listener's rules and what they need to be carried out.
pub(crate) struct Plane {
    pub(crate) listener: Listener,
    pub(crate) groups: BTreeMap<String, Arc<Group>>,
    pub(crate) client: Client<HttpConnector, Incoming>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) reads_headers: bool,
    pub(crate) turn: AtomicU64,
}

impl Plane {
    /// Answers one request, and writes the line of the access log.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<DoorBody> {
        let Some(PeerAddr(peer)) = request.extensions().get::<PeerAddr>().copied() else {
            return own(
                StatusCode::INTERNAL_SERVER_ERROR,
                "INTERNAL_ERROR",
                "the peer is unknown",
            );
        };
        let method = request.method().clone();
        let uri = request.uri().clone();
        let host = request
            .headers()
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .map(str::to_owned);
        let selection =
            matcher::select(&self.listener, &self.seen(&request, host.as_deref(), peer));
        let rule = selection.rule.map_or("default", |rule| rule.name.as_str());
        let (group, response) = match selection.action {
            Action::Forward(forward) => {
                let group = self.choose_group(forward);
                let name = group.map_or("", |group| group.name.as_str());
                (name, self.forward(group, request, peer).await)
            }
            Action::FixedResponse(response)
                if selection.rule.is_none() && response.body.is_none() =>
            {
                ("", unmatched(response.status, host.as_deref(), uri.path()))
            }
            Action::FixedResponse(response) => ("", fixed(response)),
            Action::Redirect(_) => (
                "",
                own(
                    StatusCode::NOT_IMPLEMENTED,
                    "NOT_IMPLEMENTED",
                    "redirects are not served",
                ),
            ),
        };
        tracing::info!(
            http.method = %method, http.host = host.as_deref().unwrap_or(""), http.path = uri.path(),
            http.status = response.status().as_u16(), rule.name = rule, group.name = group, peer.address = %peer,
            "{method} {} through rule `{rule}`: {}", uri.path(), response.status()
        );
        response
    }

    fn seen<'r>(
        &self,
        request: &'r Request<Incoming>,
        host: Option<&'r str>,
        peer: SocketAddr,
    ) -> Seen<'r> {
        let headers = if self.reads_headers {
            let lines = request.headers().iter();
            lines
                .map(|(name, value)| {
                    (
                        Cow::Borrowed(name.as_str()),
                        String::from_utf8_lossy(value.as_bytes()),
                    )
                })
                .collect()
        } else {
            Vec::new()
        };
        Seen {
            method: Cow::Borrowed(request.method().as_str()),
            host: host.map(Cow::Borrowed),
            path: Cow::Borrowed(request.uri().path()),
            query: request
                .uri()
                .query()
                .map(Seen::split_query)
                .unwrap_or_default(),
            headers,
            peer: peer.ip(),
        }
    }

    /// By weight, in turn; groups without weight receive nothing unless none has any.
    fn choose_group(&self, forward: &Forward) -> Option<&Arc<Group>> {
        let is_unweighted = forward.groups.iter().all(|group| group.weight == 0);
        let weight = |weight: u32| if is_unweighted { 1 } else { u64::from(weight) };
        let total: u64 = forward
            .groups
            .iter()
            .map(|group| weight(group.weight))
            .sum();
        let mut turn = self
            .turn
            .fetch_add(1, Ordering::Relaxed)
            .checked_rem(total)?;
        for group in &forward.groups {
            match turn.checked_sub(weight(group.weight)) {
                Some(rest) => turn = rest,
                None => return self.groups.get(&group.group),
            }
        }
        None
    }

    async fn forward(
        &self,
        group: Option<&Arc<Group>>,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<DoorBody> {
        let Some(group) = group else {
            return unavailable("no target group is there to answer");
        };
        let Some(place) = group.enter() else {
            return unavailable(&format!(
                "target group `{}` has no free place for a request",
                group.name
            ));
        };
        let Some(target) = group.choose() else {
            return unavailable(&format!(
                "target group `{}` has no healthy target",
                group.name
            ));
        };
        let Some(request) = self.address(request, &target.authority, peer) else {
            return own(
                StatusCode::BAD_REQUEST,
                "BAD_REQUEST",
                "the request target can't be forwarded",
            );
        };
        match tokio::time::timeout(group.response_timeout, self.client.request(request)).await {
            Ok(Ok(response)) => {
                let (mut parts, body) = response.into_parts();
                headers::prepare_answer(&mut parts.headers);
                parts.version = Version::HTTP_11;
                Response::from_parts(parts, DoorBody::Target(body, place))
            }
            Ok(Err(error)) => {
                tracing::warn!(group.name = %group.name, target.address = %target.authority, error = %error,
                    "a target of group `{}` did not answer", group.name);
                let message = format!(
                    "a target of group `{}` broke off or can't be reached",
                    group.name
                );
                own(StatusCode::BAD_GATEWAY, "TEMPORARILY_UNAVAILABLE", &message)
            }
            Err(_) => {
                let limit = group.response_timeout.as_millis();
                let message = format!(
                    "target group `{}` did not begin to answer within {limit} ms",
                    group.name
                );
                own(
                    StatusCode::GATEWAY_TIMEOUT,
                    "TEMPORARILY_UNAVAILABLE",
                    &message,
                )
            }
        }
    }

    /// The same request, for a target: its address in the URI, the client's Host kept.
    fn address(
        &self,
        request: Request<Incoming>,
        target: &http::uri::Authority,
        peer: SocketAddr,
    ) -> Option<Request<Incoming>> {
        let (mut parts, body) = request.into_parts();
        parts.uri = Uri::builder()
            .scheme("http")
            .authority(target.clone())
            .path_and_query(parts.uri.path_and_query()?.clone())
            .build()
            .ok()?;
        parts.version = Version::HTTP_11;
        parts.extensions.clear();
        headers::prepare(&mut parts.headers, peer, self.proxies.contains(peer.ip()));
        Some(Request::from_parts(parts, body))
    }
}

/// Whether any rule looks at headers; most tables don't, and copying them costs.
pub(crate) fn reads_headers(listener: &Listener) -> bool {
    let mut conditions = listener.rules.iter().flat_map(|rule| &rule.conditions);
    conditions.any(|condition| matches!(condition.test, Test::Header { .. }))
}

fn unavailable(message: &str) -> Response<DoorBody> {
    own(
        StatusCode::SERVICE_UNAVAILABLE,
        "TEMPORARILY_UNAVAILABLE",
        message,
    )
}

/// No rule matched: says what was seen, and never guesses.
fn unmatched(status: u16, host: Option<&str>, path: &str) -> Response<DoorBody> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
    let message = format!(
        "no rule matches host `{}` and path `{path}`",
        host.unwrap_or("")
    );
    own(status, "ENDPOINT_NOT_FOUND", &message)
}
