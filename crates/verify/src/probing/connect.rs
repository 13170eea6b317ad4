//! Names to addresses, and connections.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::Prober;
use crate::endpoint::Service;
use crate::foreign::Foreign;
use crate::observation::{Connected, Fault, NotRun, Outcome};

/// An address in place of what the resolver says: `HOST=ADDRESS`, `HOST:PORT=ADDRESS:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    host: String,
    port: Option<u16>,
    address: IpAddr,
    to_port: Option<u16>,
}

/// Why a text is no [`Override`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not `HOST=ADDRESS`, for example `auth.example.com=192.0.2.7` or `auth.example.com:443=192.0.2.7:8443`"
)]
pub struct InvalidOverride(String);

impl FromStr for Override {
    type Err = InvalidOverride;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidOverride(raw.to_owned());
        let (from, to) = raw.split_once('=').ok_or_else(invalid)?;
        let (host, port) = match from.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| invalid())?)),
            None => (from, None),
        };
        let (address, to_port) = match (to.parse::<SocketAddr>(), to.parse::<IpAddr>()) {
            (Ok(socket), _) => (socket.ip(), Some(socket.port())),
            (_, Ok(address)) => (address, None),
            _ => return Err(invalid()),
        };
        if host.is_empty() {
            return Err(invalid());
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            port,
            address,
            to_port,
        })
    }
}

/// Where a connection goes.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
}

impl Place {
    pub(super) fn of(host: &str, port: u16, is_tls: bool) -> Self {
        Self {
            host: host.to_owned(),
            port,
            is_tls,
        }
    }

    /// `HOST:PORT`, in clear.
    pub(super) fn of_authority(authority: &str) -> Self {
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
        Self::of(host, port.parse().unwrap_or(80), false)
    }
}

/// A connection on which requests are sent.
pub(super) struct Line {
    pub(super) sender: SendRequest<Body>,
    /// What became of the connection, until somebody asked.
    pub(super) ended: Option<Ended>,
    pub(super) connected: Connected,
    /// Whether a key may travel on it at all: TLS with a verified certificate, or this machine.
    pub(super) is_private: bool,
}

/// The task that drives a connection.
pub(super) type Ended = JoinHandle<hyper::Result<()>>;
/// The body of a request.
pub(super) type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;

/// Only the name.
pub(super) async fn resolve_only(prober: &Prober, service: Service) -> Outcome {
    let endpoint = prober.deployment.endpoint(service);
    if !endpoint.is_name() {
        return Outcome::NotRun(NotRun::NotApplicable("the URL holds an address".to_owned()));
    }
    let place = prober.front(service);
    match resolve(prober, &place).await {
        Ok(addresses) => Outcome::Resolved(
            addresses
                .iter()
                .map(|address| address.ip().to_string())
                .collect(),
        ),
        Err(fault) => Outcome::Failed(fault),
    }
}

/// Opens a connection; with TLS only when the certificate is good.
pub(super) async fn open(prober: &Prober, place: &Place) -> Result<Line, Fault> {
    let addresses = resolve(prober, place).await?;
    let shown = addresses
        .first()
        .map_or_else(|| place.host.clone(), ToString::to_string);
    let stream = tokio::time::timeout(prober.deadline(), first_that_connects(&addresses))
        .await
        .map_err(|_| Fault::ConnectTimeout(shown))??;
    let peer = stream
        .peer_addr()
        .map_err(|error| Fault::Broken(Foreign::new(error.to_string())))?;
    let _ = stream.set_nodelay(true);
    let mut connected = Connected {
        peer: peer.to_string(),
        is_loopback: peer.ip().to_canonical().is_loopback(),
        certificate_ends_s: None,
        tls_version: None,
    };
    if !place.is_tls {
        let (sender, ended) = speak(prober, stream).await?;
        return Ok(Line {
            sender,
            ended: Some(ended),
            is_private: connected.is_loopback,
            connected,
        });
    }
    let Some(tls) = &prober.tls else {
        return Err(Fault::Broken("this run was set up without TLS".into()));
    };
    let secured = tokio::time::timeout(prober.deadline(), tls.secure(&place.host, stream))
        .await
        .map_err(|_| Fault::Timeout(prober.deployment.options.deadline_ms))??;
    connected.certificate_ends_s = tls.ends_s(&place.host, &secured);
    connected.tls_version = secured
        .get_ref()
        .1
        .protocol_version()
        .map(|version| format!("{version:?}"));
    let (sender, ended) = speak(prober, secured).await?;
    Ok(Line {
        sender,
        ended: Some(ended),
        is_private: true,
        connected,
    })
}

async fn speak<S>(prober: &Prober, stream: S) -> Result<(SendRequest<Body>, Ended), Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = http1::handshake(TokioIo::new(stream));
    let (sender, connection) = tokio::time::timeout(prober.deadline(), handshake)
        .await
        .map_err(|_| Fault::Timeout(prober.deployment.options.deadline_ms))?
        .map_err(|error| super::http::fault(&error))?;
    // It ends when the sender is dropped or the peer closes. What went wrong is heard by who waits for an answer, or, when the
    // peer was faster than the request, only here.
    Ok((sender, tokio::spawn(connection)))
}

async fn first_that_connects(addresses: &[SocketAddr]) -> Result<TcpStream, Fault> {
    let mut last = Fault::Unresolved("it has no address".into());
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                last = Fault::Refused(address.to_string());
            }
            Err(error) => {
                last =
                    Fault::Unreachable(address.to_string(), Foreign::new(error.kind().to_string()));
            }
        }
    }
    Err(last)
}

async fn resolve(prober: &Prober, place: &Place) -> Result<Vec<SocketAddr>, Fault> {
    let mine = |o: &&Override| o.host == place.host && o.port.is_none_or(|port| port == place.port);
    // The more exact one wins, wherever it stands.
    let overrides = prober.overrides.iter();
    if let Some(found) = overrides.filter(mine).max_by_key(|o| o.port.is_some()) {
        let port = found.to_port.unwrap_or(place.port);
        return Ok(vec![SocketAddr::new(found.address, port)]);
    }
    let bare = place.host.trim_matches(['[', ']']);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, place.port)]);
    }
    if bare == "localhost" || bare.ends_with(".localhost") {
        return Ok(vec![SocketAddr::new(
            Ipv4Addr::LOCALHOST.into(),
            place.port,
        )]);
    }
    let lookup = tokio::net::lookup_host((bare, place.port));
    match tokio::time::timeout(prober.deadline(), lookup).await {
        Ok(Ok(addresses)) => Ok(addresses.collect()),
        Ok(Err(error)) => Err(Fault::Unresolved(Foreign::new(error.to_string()))),
        Err(_) => Err(Fault::Unresolved(
            "the resolver did not answer in time".into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_may_name_ports() {
        let all: Override = "auth.a.b=127.0.0.1".parse().unwrap();
        assert_eq!((all.port, all.to_port), (None, None));
        let one: Override = "Auth.a.b:80=127.0.0.1:8080".parse().unwrap();
        assert_eq!(
            (one.host.as_str(), one.port, one.to_port),
            ("auth.a.b", Some(80), Some(8080))
        );
        for wrong in ["auth.a.b", "=127.0.0.1", "a=b", "a:x=127.0.0.1"] {
            assert!(wrong.parse::<Override>().is_err(), "{wrong}");
        }
    }
}
