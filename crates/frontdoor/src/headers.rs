//! What a request and an answer may carry across the door (security 15).

use hokusai_routes::model::Protocol;
use hokusai_wire::serve::ANSWERED_BY;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::net::SocketAddr;

/// Makes a client's headers fit for a target: no hop-by-hop fields, no claims about the way that an untrusted peer made
/// up, and our own claims added.
pub(crate) fn prepare(headers: &mut HeaderMap, way: &Way) {
    strip_hop_by_hop(headers);
    // The door has answered `100 Continue` itself by the time a target could.
    headers.remove(header::EXPECT);
    if !way.is_trusted {
        let spoofs: Vec<HeaderName> = headers
            .keys()
            .filter(|name| is_claim(name.as_str()))
            .cloned()
            .collect();
        for name in spoofs {
            headers.remove(name);
        }
    }
    join_cookies(headers);
    append_peer(headers, way.peer);
    let host = headers.get(header::HOST).cloned();
    headers
        .entry(HeaderName::from_static("x-forwarded-proto"))
        .or_insert(HeaderValue::from_static(way.protocol.scheme()));
    headers
        .entry(HeaderName::from_static("x-forwarded-port"))
        .or_insert(HeaderValue::from(way.port));
    if let Some(host) = host {
        headers
            .entry(HeaderName::from_static("x-forwarded-host"))
            .or_insert(host);
    }
}

/// How a request came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) peer: SocketAddr,
    /// Whether the peer is one of our own proxies.
    pub(crate) is_trusted: bool,
    pub(crate) protocol: Protocol,
    /// The listener's port.
    pub(crate) port: u16,
}

/// Makes a target's headers fit for the client: no hop-by-hop fields, and no claim to be the front door.
pub(crate) fn prepare_answer(headers: &mut HeaderMap) {
    strip_hop_by_hop(headers);
    if headers
        .get(ANSWERED_BY)
        .is_some_and(|who| who == crate::answer::FRONT_DOOR)
    {
        headers.remove(ANSWERED_BY);
    }
}

/// A header that says where a request comes from, or that some parser takes for one that does.
fn is_claim(name: &str) -> bool {
    name == "forwarded"
        || name == "x-real-ip"
        || name.starts_with("x-forwarded-")
        || (name.starts_with("x-hokusai-") && !ASKED_WITH.contains(&name))
        || name.contains('_')
}

/// HTTP/2 clients may send a line per cookie; HTTP/1.1 knows one line (RFC 9113 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(header::COOKIE).iter();
    if lines.next().is_none() || lines.next().is_none() {
        return;
    }
    let lines: Vec<&[u8]> = headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if let Ok(joined) = HeaderValue::from_bytes(&lines.join(&b"; "[..])) {
        headers.insert(header::COOKIE, joined);
    }
}

fn append_peer(headers: &mut HeaderMap, peer: SocketAddr) {
    // One more line, which readers of lists take for one more element (RFC 9110 5.3).
    if let Ok(peer) = HeaderValue::from_str(&peer.ip().to_string()) {
        headers.append(HeaderName::from_static("x-forwarded-for"), peer);
    }
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// What a registry that runs apart asks the auth service with: a credential is verified where it arrives, and claims nothing.
const ASKED_WITH: [&str; 2] = ["x-hokusai-service-key", "x-hokusai-nonce"];

/// RFC 9110 7.6.1. Content-Length stays: the length of the body is the same on both sides.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_asks_auth_with_is_a_credential_and_no_claim() {
        for name in ["x-hokusai-service-key", "x-hokusai-nonce"] {
            assert!(!is_claim(name), "{name}");
        }
        assert!(is_claim("x-hokusai-user-id"));
    }

    fn prepared(lines: &[(&'static str, &'static str)], is_trusted: bool) -> Vec<String> {
        let mut headers: HeaderMap = HeaderMap::new();
        for (name, value) in lines {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let way = Way {
            peer: "9.9.9.9:1".parse().unwrap(),
            is_trusted,
            protocol: Protocol::Http,
            port: 80,
        };
        prepare(&mut headers, &way);
        let mut lines: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn what_an_untrusted_peer_claims_is_removed() {
        let lines = [
            ("host", "a.test"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-user", "root"),
            ("forwarded", "for=1.2.3.4"),
            ("x-real-ip", "1.2.3.4"),
            ("x-hokusai-user-id", "root"),
            ("content_length", "5"),
            ("connection", "x-secret"),
            ("x-secret", "1"),
            ("te", "trailers"),
        ];
        assert_eq!(
            prepared(&lines, false),
            [
                "host: a.test",
                "x-forwarded-for: 9.9.9.9",
                "x-forwarded-host: a.test",
                "x-forwarded-port: 80",
                "x-forwarded-proto: http"
            ]
        );
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_added_to() {
        let lines = [
            ("host", "a.test"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-proto", "https"),
        ];
        assert_eq!(
            prepared(&lines, true),
            [
                "host: a.test",
                "x-forwarded-for: 1.2.3.4",
                "x-forwarded-for: 9.9.9.9",
                "x-forwarded-host: a.test",
                "x-forwarded-port: 80",
                "x-forwarded-proto: https"
            ]
        );
    }

    #[test]
    fn cookies_of_several_lines_become_one() {
        let lines = [("host", "a.test"), ("cookie", "a=1"), ("cookie", "b=2")];
        assert_eq!(prepared(&lines, true).first().unwrap(), "cookie: a=1; b=2");
    }
}
