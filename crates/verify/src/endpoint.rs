//! Where a service is reached.

use std::fmt;
use std::str::FromStr;

/// One of the two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Judges keys.
    Auth,
    /// The tracking server and model registry.
    Registry,
}

impl Service {
    /// Both, auth first.
    pub const ALL: [Self; 2] = [Self::Auth, Self::Registry];

    /// As the service calls itself: `auth`, `registry`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Registry => "registry",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Auth => Self::Registry,
            Self::Registry => Self::Auth,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A URL without credentials, query and fragment: `https://auth.example.com`, `http://127.0.0.1:5000/mlflow`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether TLS is spoken.
    pub is_tls: bool,
    /// Host in lower case, as in a Host header; IPv6 in brackets.
    pub host: String,
    /// Port, also when the URL leaves it out.
    pub port: u16,
    /// Path before every request's path: empty, or beginning with `/` and not ending in one.
    pub base: String,
}

/// Why a text is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEndpoint {
    /// Not http or https.
    #[error("`{0}` must begin with `https://` or `http://`")]
    Scheme(String),
    /// No host, or one with characters that no host has.
    #[error("`{0}` does not name a host")]
    Host(String),
    /// Port that is none.
    #[error("`{0}` has a port that is not a number from 1 to 65535")]
    Port(String),
    /// Credentials, query, fragment.
    #[error(
        "the URL of a service must not hold a user name, a password, a query or a fragment: leave them out"
    )]
    Extra,
}

impl Endpoint {
    /// `HOST` or `HOST:PORT`, the port only when the scheme does not imply it: what a client sends as Host.
    pub fn authority(&self) -> String {
        if self.port == self.standard_port() {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// 443 or 80.
    pub const fn standard_port(&self) -> u16 {
        if self.is_tls { 443 } else { 80 }
    }

    /// Whether the host is a name and not an address.
    pub fn is_name(&self) -> bool {
        !self.host.starts_with('[') && self.host.parse::<std::net::Ipv4Addr>().is_err()
    }

    /// Whether the name always means this machine (RFC 6761, 6.3).
    pub fn is_localhost(&self) -> bool {
        self.host == "localhost" || self.host.ends_with(".localhost")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.base)
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let (is_tls, rest) = match raw.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return Err(InvalidEndpoint::Scheme(raw.to_owned())),
        };
        if rest.contains(['@', '?', '#']) {
            return Err(InvalidEndpoint::Extra);
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = split_port(authority, raw)?;
        if !is_host(&host) || !path.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(InvalidEndpoint::Host(raw.to_owned()));
        }
        let mut endpoint = Self {
            is_tls,
            host,
            port: 0,
            base: path.trim_end_matches('/').to_owned(),
        };
        endpoint.port = port.unwrap_or(endpoint.standard_port());
        Ok(endpoint)
    }
}

fn split_port(authority: &str, raw: &str) -> Result<(String, Option<u16>), InvalidEndpoint> {
    let after_address = authority.rfind(']').map_or(0, |at| at + 1);
    let colon = authority.rfind(':').filter(|colon| *colon >= after_address);
    let Some((host, port)) = colon.and_then(|at| authority.split_at_checked(at)) else {
        return Ok((authority.to_ascii_lowercase(), None));
    };
    match port.trim_start_matches(':').parse() {
        Ok(port) if port != 0 => Ok((host.to_ascii_lowercase(), Some(port))),
        _ => Err(InvalidEndpoint::Port(raw.to_owned())),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    host.len() <= MAX_HOST && host.split('.').all(is_label)
}

/// Longest DNS name.
const MAX_HOST: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_reads_and_prints_the_same() {
        for url in [
            "https://auth.example.com",
            "http://127.0.0.1:5000/mlflow",
            "http://[::1]:8000",
            "https://a.b:8443/auth",
        ] {
            assert_eq!(url.parse::<Endpoint>().unwrap().to_string(), url);
        }
        let endpoint: Endpoint = "HTTPS://Auth.Example.com:443/".parse().unwrap();
        assert_eq!(endpoint.to_string(), "https://auth.example.com");
    }

    #[test]
    fn what_is_more_than_an_address_is_refused() {
        for (url, why) in [
            (
                "auth.example.com",
                InvalidEndpoint::Scheme("auth.example.com".into()),
            ),
            ("https://u:p@a.b", InvalidEndpoint::Extra),
            ("https://a.b/?q", InvalidEndpoint::Extra),
            ("https://", InvalidEndpoint::Host("https://".into())),
            ("https://a..b", InvalidEndpoint::Host("https://a..b".into())),
            (
                "https://a.b:0",
                InvalidEndpoint::Port("https://a.b:0".into()),
            ),
            (
                "https://a.b:x",
                InvalidEndpoint::Port("https://a.b:x".into()),
            ),
        ] {
            assert_eq!(url.parse::<Endpoint>(), Err(why), "{url}");
        }
    }
}
