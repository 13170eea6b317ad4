//! Whose request it is, behind proxies (security 4).

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The client's address, canonical: an IPv4-mapped IPv6 address is its IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAddr {
    /// The connection's, or what a trusted proxy says.
    Known(IpAddr),
    /// A trusted proxy says nothing that can be read; every allowlist refuses it.
    Unknown,
}

/// The proxies whose `X-Forwarded-For` is believed. Default: none.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// Why a list of trusted proxies is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTrustedProxy {
    /// Not an address or a network.
    #[error("trusted proxy `{0}` must be a network like `10.0.0.0/8` or an address")]
    Malformed(String),
    /// Everybody could then claim any address.
    #[error("trusted proxy `{0}` would trust everybody: name the networks of your proxies")]
    Everybody(String),
}

impl TrustedProxies {
    /// Reads networks and single addresses.
    ///
    /// # Errors
    ///
    /// [`InvalidTrustedProxy`], for the first that is wrong.
    pub fn parse<'a>(raw: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidTrustedProxy> {
        let read = |raw: &str| {
            let network = raw
                .parse::<IpNet>()
                .or_else(|_| raw.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| InvalidTrustedProxy::Malformed(raw.to_owned()))?;
            Ok::<_, InvalidTrustedProxy>(network)
        };
        Self::new(raw.into_iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Networks that were parsed before.
    ///
    /// # Errors
    ///
    /// [`InvalidTrustedProxy::Everybody`], for a network of all addresses.
    pub fn new(networks: Vec<IpNet>) -> Result<Self, InvalidTrustedProxy> {
        match networks.iter().find(|network| network.prefix_len() == 0) {
            Some(all) => Err(InvalidTrustedProxy::Everybody(all.to_string())),
            None => Ok(Self(networks)),
        }
    }

    /// Whether this address is one of the proxies.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client of a request from `peer` with these `X-Forwarded-For` lines, in their order. Read right to left: the
    /// first address that is no proxy of ours is the last that nobody but a proxy of ours can have written.
    pub fn client<'a>(
        &self,
        peer: IpAddr,
        lines: impl DoubleEndedIterator<Item = &'a [u8]>,
    ) -> ClientAddr {
        let peer = peer.to_canonical();
        if !self.contains(peer) {
            return ClientAddr::Known(peer);
        }
        let mut client = ClientAddr::Unknown;
        for hop in lines
            .rev()
            .flat_map(|line| line.rsplit(|byte| *byte == b','))
        {
            let Some(address) = parse_hop(hop) else {
                return ClientAddr::Unknown;
            };
            client = ClientAddr::Known(address);
            if !self.contains(address) {
                break;
            }
        }
        client
    }
}

fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim_matches([' ', '\t']);
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("9.9.9.9", &["1.2.3.4"], Some("9.9.9.9"))]
    #[case("10.0.0.1", &["1.2.3.4"], Some("1.2.3.4"))]
    #[case("::ffff:10.0.0.1", &["1.2.3.4"], Some("1.2.3.4"))]
    #[case("10.0.0.1", &["1.2.3.4:5678"], Some("1.2.3.4"))]
    #[case("10.0.0.1", &["[2001:db8::1]:80"], Some("2001:db8::1"))]
    #[case("10.0.0.1", &["[2001:db8::1]"], Some("2001:db8::1"))]
    #[case("10.0.0.1", &["::ffff:1.2.3.4"], Some("1.2.3.4"))]
    #[case("10.0.0.1", &["6.6.6.6, 1.2.3.4"], Some("1.2.3.4"))]
    #[case("10.0.0.1", &["6.6.6.6", "1.2.3.4"], Some("1.2.3.4"))]
    #[case("10.0.0.1", &["6.6.6.6, 1.2.3.4", "10.0.0.2"], Some("1.2.3.4"))]
    #[case("10.0.0.1", &["garbage, 1.2.3.4"], Some("1.2.3.4"))]
    #[case("10.0.0.1", &["1.2.3.4, garbage"], None)]
    #[case("10.0.0.1", &["1.2.3.4,"], None)]
    #[case("10.0.0.1", &[], None)]
    #[case("10.0.0.1", &["10.0.0.3, 10.0.0.2"], Some("10.0.0.3"))]
    fn the_client_is_the_rightmost_that_is_no_proxy(
        #[case] peer: &str,
        #[case] lines: &[&str],
        #[case] expected: Option<&str>,
    ) {
        let proxies = TrustedProxies::parse(["10.0.0.0/8"]).unwrap();
        let client = proxies.client(
            peer.parse().unwrap(),
            lines.iter().map(|line| line.as_bytes()),
        );
        let expected = expected.map_or(ClientAddr::Unknown, |address| {
            ClientAddr::Known(address.parse().unwrap())
        });
        assert_eq!(client, expected);
    }

    #[rstest]
    #[case("0.0.0.0/0")]
    #[case("::/0")]
    #[case("proxy")]
    fn trusting_everybody_is_an_error(#[case] raw: &str) {
        assert!(TrustedProxies::parse([raw]).is_err());
    }
}
