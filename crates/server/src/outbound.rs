//! Calls to the auth service: over https, or plain to this machine; no redirects, no proxies, a deadline.
//!
//! A key is in every such request, so where it may go is decided here and nowhere else.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

/// An address that keys are not sent to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAuthUrl {
    /// Not a URL.
    #[error("`{0}` is not a URL: write `https://auth.example.com` or `http://127.0.0.1:8000`")]
    Unreadable(String),
    /// Keys would travel in clear.
    #[error(
        "`{0}` would send keys in clear: use https, or an address of this machine (127.0.0.1, ::1, localhost)"
    )]
    InClear(String),
    /// More than an address.
    #[error("`{0}` must not hold a user name, a password, a query or a fragment: leave them out")]
    Extra(String),
}

/// Reads and checks the address of an auth service. A path (`/auth`) is kept.
pub fn auth_url(raw: &str) -> Result<Url, InvalidAuthUrl> {
    let mut url = Url::parse(raw).map_err(|_| InvalidAuthUrl::Unreadable(raw.to_owned()))?;
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(InvalidAuthUrl::Extra(
            url.host_str().unwrap_or_default().to_owned(),
        ));
    }
    let is_here = match url.host_str() {
        Some("[::1]") => true,
        Some(host) if is_loopback_name(host) => true,
        Some(host) => host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|ip| ip.is_loopback()),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if is_here => {}
        "http" => return Err(InvalidAuthUrl::InClear(raw.to_owned())),
        _ => return Err(InvalidAuthUrl::Unreadable(raw.to_owned())),
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// A client that goes where it is told and nowhere else.
pub fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(LoopbackNames))
        .timeout(DEADLINE)
        .connect_timeout(DEADLINE)
        .user_agent(concat!("hokusai/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Whether a name always means this machine (RFC 6761, 6.3): `localhost` and all below it.
pub fn is_loopback_name(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

/// A resolver that knows names below `localhost` by itself: not every system's does, and none may send them elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct LoopbackNames;

impl Resolve for LoopbackNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // `localhost` itself is in every system's hosts file, in the order of its owner's choice.
            let addresses: Addrs = if name.as_str().ends_with(".localhost") {
                let both = [
                    SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                    SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
                ];
                Box::new(both.into_iter())
            } else {
                let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
                Box::new(found.collect::<Vec<_>>().into_iter())
            };
            Ok(addresses)
        })
    }
}

/// The platform's clients waited five seconds for the auth service; so do we.
pub const DEADLINE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_over_https_or_stay_on_this_machine() {
        for good in [
            "https://auth.example.com",
            "https://example.com/auth/",
            "http://127.0.0.1:8000",
            "http://localhost:8000",
            "http://auth.localhost:8000",
            "http://[::1]:8000",
        ] {
            assert!(auth_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://auth.example.com",
            "http://10.0.0.1:8000",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "ftp://127.0.0.1",
            "auth.example.com",
            "https://user:pass@auth.example.com",
            "https://auth.example.com/?key=1",
        ] {
            assert!(auth_url(bad).is_err(), "{bad}");
        }
    }
}
