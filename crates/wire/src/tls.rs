//! TLS: which certificate a connection gets, and for which authorities it may then ask.
//!
//! There is no default certificate: a client that names no server, or one that no certificate covers, ends in the
//! handshake. What a connection may ask for is decided by the certificate that it was shown (security 16).

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ConfigBuilder, ServerConfig, WantsVerifier};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// The certificates of one listener; cheap to clone, replaced as a whole while it serves.
#[derive(Clone, Debug)]
pub struct Tls {
    identities: Arc<RwLock<Arc<[Arc<Identity>]>>>,
    refusal: Arc<ServerConfig>,
}

/// A certificate chain with its key.
#[derive(Debug)]
pub struct Identity {
    leaf: CertificateDer<'static>,
    config: Arc<ServerConfig>,
}

/// Why a certificate or its key is of no use.
#[derive(Debug, thiserror::Error)]
pub enum InvalidIdentity {
    /// No certificates.
    #[error("there is no PEM certificate in it")]
    NoCertificate,
    /// No key.
    #[error("there is no PEM private key in it: {0}")]
    NoKey(String),
    /// The two don't belong together, or one is of an unknown kind.
    #[error("certificate and key are of no use together: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What a handshake came to.
#[derive(Clone, Debug)]
pub(crate) struct Secured {
    identity: Arc<Identity>,
    server_name: Box<str>,
}

impl Identity {
    /// Reads a chain, the server's own certificate first, and its key.
    ///
    /// # Errors
    ///
    /// [`InvalidIdentity`].
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, InvalidIdentity> {
        let chain = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| InvalidIdentity::NoCertificate)?;
        let leaf = chain
            .first()
            .cloned()
            .ok_or(InvalidIdentity::NoCertificate)?;
        ParsedCertificate::try_from(&leaf)?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| InvalidIdentity::NoKey(error.to_string()))?;
        let mut config = builder()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            leaf,
            config: Arc::new(config),
        })
    }

    /// Whether the certificate is valid for this name or address, ports left out.
    pub fn covers(&self, name: &str) -> bool {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let Ok(name) = ServerName::try_from(bare) else {
            return false;
        };
        ParsedCertificate::try_from(&self.leaf)
            .and_then(|certificate| verify_server_name(&certificate, &name))
            .is_ok()
    }
}

impl Tls {
    /// With these certificates, tried in their order.
    ///
    /// # Errors
    ///
    /// [`InvalidIdentity::Unusable`], if the crypto provider offers nothing; not for what is in `identities`.
    pub fn new(identities: Vec<Identity>) -> Result<Self, InvalidIdentity> {
        let refusal = builder()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Nobody));
        Ok(Self {
            identities: Arc::new(RwLock::new(share(identities))),
            refusal: Arc::new(refusal),
        })
    }

    /// Gives new connections these certificates; open ones keep theirs.
    pub fn replace(&self, identities: Vec<Identity>) {
        *self
            .identities
            .write()
            .unwrap_or_else(PoisonError::into_inner) = share(identities);
    }

    /// The certificate that a client who asks for `name` is shown.
    fn choose(&self, name: &str) -> Option<Arc<Identity>> {
        let identities = Arc::clone(
            &self
                .identities
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let mut fitting = identities.iter().filter(|identity| identity.covers(name));
        fitting.next().cloned()
    }

    /// The handshake, with the certificate that the client's server name selects.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<(TlsStream<TcpStream>, Secured)> {
        let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await?;
        let name = start.client_hello().server_name().map(Box::<str>::from);
        let chosen = name.and_then(|name| {
            self.choose(&name).map(|identity| Secured {
                identity,
                server_name: name,
            })
        });
        let config = match &chosen {
            Some(secured) => Arc::clone(&secured.identity.config),
            None => Arc::clone(&self.refusal),
        };
        let stream = start.into_stream(config).await?;
        let secured = chosen.ok_or(io::ErrorKind::InvalidData)?;
        Ok((stream, secured))
    }
}

impl Secured {
    /// Whether a request for `authority` may come over this connection.
    pub(crate) fn covers(&self, authority: &str) -> bool {
        let name = crate::browser::name_of(authority);
        name.eq_ignore_ascii_case(&self.server_name) || self.identity.covers(name)
    }
}

/// Answers the handshake of a client for whom there is no certificate, so that it ends with an alert.
#[derive(Debug)]
struct Nobody;

impl ResolvesServerCert for Nobody {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}

fn share(identities: Vec<Identity>) -> Arc<[Arc<Identity>]> {
    identities.into_iter().map(Arc::new).collect()
}

fn builder() -> Result<ConfigBuilder<ServerConfig, WantsVerifier>, rustls::Error> {
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
}
