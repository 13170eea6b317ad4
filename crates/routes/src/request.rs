//! A request as far as rules can see it.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

/// What rules are matched against. Borrowed by the data plane, owned as the witness of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Method, e.g. `GET`.
    pub method: Cow<'a, str>,
    /// The Host header (`:authority`) as it was sent, with its port; absent in an HTTP/1.0 request without one.
    pub host: Option<Cow<'a, str>>,
    /// Path of the target, without the query, not decoded.
    pub path: Cow<'a, str>,
    /// Pairs of the query string in order, not decoded; a key without `=` has an empty value.
    pub query: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Headers in order, repeated ones each; only those that rules name are needed.
    pub headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Address of the TCP peer.
    pub peer: IpAddr,
}

impl<'a> Request<'a> {
    /// A GET from the loopback address.
    pub fn get(host: impl Into<Cow<'a, str>>, path: impl Into<Cow<'a, str>>) -> Self {
        Self {
            method: Cow::Borrowed("GET"),
            host: Some(host.into()),
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    /// The pairs of a query string without its `?`, for [`Request::query`].
    pub fn split_query(query: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(key, value)| (Cow::Borrowed(key), Cow::Borrowed(value)))
            .collect()
    }

    /// The Host header without its port.
    pub fn host_without_port(&self) -> Option<&str> {
        let host = self.host.as_deref()?;
        Some(match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        })
    }

    /// Host, path and query as a URL shows them.
    pub fn url(&self) -> String {
        let mut url = format!(
            "{}{}",
            self.host.as_deref().unwrap_or("(no host)"),
            self.path
        );
        for (index, (key, value)) in self.query.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(key);
            if !value.is_empty() {
                url.push('=');
                url.push_str(value);
            }
        }
        url
    }
}

/// `GET auth.example.com/api`, with what else matters in brackets.
impl std::fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.url())?;
        for (name, value) in &self.headers {
            write!(f, " [{name}: {value}]")?;
        }
        if !self.peer.is_loopback() {
            write!(f, " [from {}]", self.peer)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_cut_from_names_and_addresses_alike() {
        for (host, name) in [
            ("a.b:80", "a.b"),
            ("a.b", "a.b"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(Request::get(host, "/").host_without_port(), Some(name));
        }
    }

    #[test]
    fn a_request_prints_like_its_url() {
        let mut request = Request::get("a.b", "/x");
        request.query = Request::split_query("k=v&&flag");
        assert_eq!(request.to_string(), "GET a.b/x?k=v&flag");
    }
}
