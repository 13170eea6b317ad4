//! Keys that travel in clear (security 19): refused and flagged, never redirected.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use std::net::IpAddr;

use hokusai_wire::client_addr::TrustedProxies;

use crate::hex;

/// From whom a plain listener takes keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeysInClear {
    /// From this machine, whose bytes cross no wire, and from trusted proxies that say `X-Forwarded-Proto: https`.
    #[default]
    FromLoopback,
    /// Only from trusted proxies that say so.
    Never,
}

/// The key of a request over plain HTTP that it may have exposed, by the start of its SHA-256 so that its owner can be found.
pub(crate) fn exposed_key(
    policy: KeysInClear,
    proxies: &TrustedProxies,
    peer: IpAddr,
    redirects: bool,
    headers: &HeaderMap,
    query: Option<&str>,
) -> Option<String> {
    let key = presented(headers, query)?;
    let is_ended_in_front = proxies.contains(peer)
        && headers
            .get("x-forwarded-proto")
            .is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"));
    // A client that is sent on to https would send its key in clear each time and never learn.
    let is_local =
        policy == KeysInClear::FromLoopback && peer.to_canonical().is_loopback() && !redirects;
    (!is_ended_in_front && !is_local).then(|| fingerprint(key))
}

fn presented<'h>(headers: &'h HeaderMap, query: Option<&'h str>) -> Option<&'h [u8]> {
    let named = headers.get("x-api-key").or(headers.get(AUTHORIZATION));
    let in_header = named.map(|value| {
        let value = value.as_bytes();
        value
            .split(|byte| *byte == b' ')
            .next_back()
            .unwrap_or(value)
    });
    in_header.or_else(|| {
        let pairs = query?.split('&');
        let mut values = pairs.filter_map(|pair| pair.split_once('='));
        let (_, key) = values.find(|(_, value)| value.starts_with("hk_"))?;
        Some(key.as_bytes())
    })
}

fn fingerprint(key: &[u8]) -> String {
    let mut hash = hex::sha256(key);
    hash.truncate(FINGERPRINT_DIGITS);
    hash
}

/// Enough to tell keys apart, of a hash that nobody can turn back.
const FINGERPRINT_DIGITS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("127.0.0.1", false, &[("authorization", "Bearer k")], None, false)]
    #[case("127.0.0.1", true, &[("authorization", "Bearer k")], None, true)]
    #[case("9.9.9.9", false, &[("authorization", "Bearer k")], None, true)]
    #[case("9.9.9.9", false, &[("x-api-key", "k")], None, true)]
    #[case("9.9.9.9", false, &[], Some("a=1&token=hk_live_k"), true)]
    #[case("9.9.9.9", false, &[], Some("a=1"), false)]
    #[case("9.9.9.9", false, &[("authorization", "Bearer k"), ("x-forwarded-proto", "https")], None, true)]
    #[case("10.0.0.1", false, &[("authorization", "Bearer k"), ("x-forwarded-proto", "https")], None, false)]
    #[case("10.0.0.1", false, &[("authorization", "Bearer k"), ("x-forwarded-proto", "http")], None, true)]
    fn a_key_over_plain_http_is_noticed(
        #[case] peer: IpAddr,
        #[case] redirects: bool,
        #[case] lines: &[(&'static str, &'static str)],
        #[case] query: Option<&str>,
        #[case] expected: bool,
    ) {
        let headers = lines
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_static(value),
                )
            })
            .collect();
        let proxies = TrustedProxies::parse(["10.0.0.0/8"]).unwrap();
        let policy = KeysInClear::FromLoopback;
        let found = exposed_key(policy, &proxies, peer, redirects, &headers, query);
        assert_eq!(found.is_some(), expected);
        if peer.is_loopback() && !headers.is_empty() {
            let never = exposed_key(
                KeysInClear::Never,
                &proxies,
                peer,
                redirects,
                &headers,
                query,
            );
            assert!(never.is_some());
        }
    }
}
