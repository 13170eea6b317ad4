//! TLS as a client: whose certificates are believed, and why a handshake failed.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::foreign::Foreign;
use crate::observation::{Fault, TlsFault};

/// A client configuration: the system's roots, and the caller's.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ClientConfig>,
    verifier: Arc<WebPkiServerVerifier>,
}

/// Why TLS can't be set up on this machine.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    /// The caller's roots hold no certificate.
    #[error("the file of certificate authorities holds no certificate in PEM form")]
    NoCertificate,
    /// Nobody to believe.
    #[error(
        "this machine trusts no certificate authority: install `ca-certificates`, or name a file of them"
    )]
    NoRoots,
    /// The library refuses.
    #[error("TLS cannot be set up")]
    Library(#[source] rustls::Error),
}

impl Tls {
    /// Believes the system's authorities and those of a PEM text.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError`].
    pub fn new(extra_pem: Option<&[u8]>) -> Result<Self, TlsSetupError> {
        let mut roots = RootCertStore::empty();
        // What the system can't read of its own store is its own problem; an empty store is ours.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(pem) = extra_pem {
            let extra = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
            if roots.add_parsable_certificates(extra).0 == 0 {
                return Err(TlsSetupError::NoCertificate);
            }
        }
        if roots.is_empty() {
            return Err(TlsSetupError::NoRoots);
        }
        let provider = Arc::new(ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|_| TlsSetupError::NoRoots)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsSetupError::Library)?
            .with_webpki_verifier(Arc::clone(&verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            verifier,
        })
    }

    /// A handshake; anything but a good certificate for `host` is a fault.
    pub(super) async fn secure(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Fault> {
        let name = server_name(host)?;
        TlsConnector::from(Arc::clone(&self.config))
            .connect(name, stream)
            .await
            .map_err(|error| Fault::Tls(tls_fault(&error)))
    }

    /// When the first certificate of the chain ends: the verifier is asked about a day that no certificate reaches.
    pub(super) fn ends_s(&self, host: &str, stream: &TlsStream<TcpStream>) -> Option<u64> {
        let chain = stream.get_ref().1.peer_certificates()?;
        let (own, others) = chain.split_first()?;
        let far = UnixTime::since_unix_epoch(Duration::from_secs(FAR_FUTURE_S));
        let name = server_name(host).ok()?;
        match self
            .verifier
            .verify_server_cert(own, others, &name, &[], far)
        {
            Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
                not_after,
                ..
            })) => Some(not_after.as_secs()),
            _ => None,
        }
    }
}

fn server_name(host: &str) -> Result<ServerName<'static>, Fault> {
    ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(|_| {
        Fault::Tls(TlsFault::Other(
            "the host can be no name of a certificate".into(),
        ))
    })
}

/// The reason behind an error of a stream, if it is one of TLS.
pub(super) fn tls_error(error: &(dyn std::error::Error + 'static)) -> Option<TlsFault> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && let Some(tls) = io
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        {
            return Some(of_rustls(tls));
        }
        cause = error.source();
    }
    None
}

fn tls_fault(error: &std::io::Error) -> TlsFault {
    tls_error(error).unwrap_or_else(|| {
        TlsFault::Other(Foreign::new(format!(
            "the connection ended during the TLS handshake ({})",
            error.kind()
        )))
    })
}

fn of_rustls(error: &rustls::Error) -> TlsFault {
    match error {
        rustls::Error::InvalidCertificate(invalid) => of_certificate(invalid),
        rustls::Error::InvalidMessage(_) => TlsFault::NotTls,
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::NoCertificate,
        ) => TlsFault::WantsClientCertificate,
        other => TlsFault::Other(Foreign::new(other.to_string())),
    }
}

fn of_certificate(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            TlsFault::Expired(not_after.as_secs())
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            TlsFault::NotYetValid(not_before.as_secs())
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            TlsFault::WrongName(presented.iter().map(|name| bare_name(name)).collect())
        }
        // A bad signature is that of an authority which only has the name of one that is known.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsFault::Untrusted,
        // A certificate that vouches for itself, as `openssl req -x509` makes it.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => TlsFault::Untrusted,
        other => TlsFault::Other(Foreign::new(other.to_string())),
    }
}

/// The library shows a name as `DnsName("auth.example.com")`.
fn bare_name(shown: &str) -> Foreign {
    let inside = shown
        .split_once('"')
        .and_then(|(_, rest)| rest.rsplit_once('"'));
    Foreign::new(inside.map_or(shown, |(name, _)| name))
}

/// The year 9999.
const FAR_FUTURE_S: u64 = 253_370_764_800;
