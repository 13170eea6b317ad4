//! Other sites' pages in a user's browser (security 13): DNS rebinding and forged requests.

use http::header::ORIGIN;
use http::{HeaderMap, Method};

use crate::refusal::Refusal;

/// The names that a listener answers to: loopback's, and those that were configured. Ports don't matter.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// Loopback names and `configured` ones.
    pub fn new(configured: impl IntoIterator<Item = String>) -> Self {
        Self(
            configured
                .into_iter()
                .map(|host| host.to_ascii_lowercase())
                .collect(),
        )
    }

    /// Decides about one request from its method, path, authority and headers.
    ///
    /// # Errors
    ///
    /// [`Refusal::HostNotAllowed`] and [`Refusal::ForeignPage`].
    pub fn admit(
        &self,
        method: &Method,
        path: &str,
        host: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<(), Refusal> {
        if !host.is_some_and(|host| self.contains(name_of(host))) && !is_probe(method, path) {
            return Err(Refusal::HostNotAllowed);
        }
        admit_page(method, host, headers)
    }

    fn contains(&self, name: &str) -> bool {
        let is_loopback = name.eq_ignore_ascii_case("localhost")
            || name
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.to_canonical().is_loopback());
        is_loopback
            || self
                .0
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(name))
    }
}

/// Decides about the page that a request comes from, where somebody else has decided about its host.
///
/// # Errors
///
/// [`Refusal::ForeignPage`].
pub fn admit_page(method: &Method, host: Option<&str>, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut origins = headers.get_all(ORIGIN).iter();
    if let Some(origin) = origins.next() {
        let page = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.split_once("://"));
        let is_own = page
            .zip(host)
            .is_some_and(|((_, page), host)| page.eq_ignore_ascii_case(host));
        if !is_own || origins.next().is_some() {
            return Err(Refusal::ForeignPage);
        }
    }
    match headers
        .get("sec-fetch-site")
        .map(http::HeaderValue::as_bytes)
    {
        None | Some(b"same-origin" | b"none") => Ok(()),
        // Another port of this machine is the same site; following a link from there is fine.
        Some(b"same-site") if is_navigation(method, headers) => Ok(()),
        Some(_) => Err(Refusal::ForeignPage),
    }
}

/// The authority without its port.
pub(crate) fn name_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    }
}

/// Load balancers probe with the target's address as Host.
fn is_probe(method: &Method, path: &str) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
        && matches!(path, "/health" | "/live" | "/ready" | "/version")
}

fn is_navigation(method: &Method, headers: &HeaderMap) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
        && headers
            .get("sec-fetch-mode")
            .is_some_and(|mode| mode == "navigate")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("GET", "/x", Some("localhost:5000"), &[], Ok(()))]
    #[case("GET", "/x", Some("[::1]:5000"), &[], Ok(()))]
    #[case("GET", "/x", Some("Registry.Example.com"), &[], Ok(()))]
    #[case("GET", "/x", Some("evil.example"), &[], Err(Refusal::HostNotAllowed))]
    #[case("GET", "/x", Some("10.0.0.7:5000"), &[], Err(Refusal::HostNotAllowed))]
    #[case("GET", "/x", None, &[], Err(Refusal::HostNotAllowed))]
    #[case("GET", "/health", Some("10.0.0.7:5000"), &[], Ok(()))]
    #[case("GET", "/live", None, &[], Ok(()))]
    #[case("POST", "/health", Some("10.0.0.7"), &[], Err(Refusal::HostNotAllowed))]
    #[case("POST", "/x", Some("localhost:1"), &[("origin", "http://localhost:1")], Ok(()))]
    #[case("POST", "/x", Some("localhost:1"), &[("origin", "http://localhost:2")], Err(Refusal::ForeignPage))]
    #[case("GET", "/x", Some("localhost:1"), &[("origin", "null")], Err(Refusal::ForeignPage))]
    #[case("GET", "/x", Some("localhost"), &[("sec-fetch-site", "cross-site")], Err(Refusal::ForeignPage))]
    #[case("GET", "/x", Some("localhost"), &[("sec-fetch-site", "same-site")], Err(Refusal::ForeignPage))]
    #[case("GET", "/x", Some("localhost"), &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate")], Ok(()))]
    #[case("GET", "/health", Some("localhost"), &[("sec-fetch-site", "cross-site")], Err(Refusal::ForeignPage))]
    #[case("GET", "/x", Some("localhost"), &[("sec-fetch-site", "same-origin")], Ok(()))]
    fn only_own_pages_and_names_are_admitted(
        #[case] method: Method,
        #[case] path: &str,
        #[case] host: Option<&str>,
        #[case] headers: &[(&'static str, &'static str)],
        #[case] expected: Result<(), Refusal>,
    ) {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_static(value),
                )
            })
            .collect();
        let hosts = AllowedHosts::new(["registry.example.com".to_owned()]);
        assert_eq!(hosts.admit(&method, path, host, &headers), expected);
    }
}
