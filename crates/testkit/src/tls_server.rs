//! A PostgreSQL server that speaks TLS with a certificate made at run time, beside authorities that signed it and that did not.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::cluster::Cluster;

/// A server whose certificate is valid for one name. It ends with the test process.
pub struct TlsServer {
    cluster: Cluster,
    folder: TempDir,
}

impl TlsServer {
    /// Starts a server that proves to be `name`, with further settings (`fsync=off`).
    ///
    /// # Panics
    /// If it cannot be had: the test has failed then.
    #[expect(clippy::expect_used, reason = "a test without its database has failed")]
    pub fn start(name: &str, settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let signer = Authority::new();
        write(&folder.path().join("ca.pem"), &signer.pem);
        write(&folder.path().join("stranger.pem"), &Authority::new().pem);
        let (certificate, key) = signer.certificate(name);
        // Relative to the data directory, which is beside them.
        let mut all: Vec<String> = [
            "ssl=on",
            "ssl_cert_file=../server.pem",
            "ssl_key_file=../server.key",
        ]
        .map(str::to_owned)
        .to_vec();
        all.extend(settings.iter().map(|setting| (*setting).to_owned()));
        let cluster = Cluster::start(&all, |place| {
            write(&place.join("server.pem"), &certificate);
            write(&place.join("server.key"), &key);
        });
        Self { cluster, folder }
    }

    /// The server's port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.cluster.port
    }

    /// The authority that signed the server's certificate, as a PEM file.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// An authority that did not.
    pub fn stranger(&self) -> PathBuf {
        self.folder.path().join("stranger.pem")
    }

    /// The URL of a plain connection on loopback.
    pub fn plain_url(&self) -> &str {
        &self.cluster.url
    }
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

#[expect(
    clippy::expect_used,
    reason = "a test without its certificates has failed"
)]
impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    fn certificate(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }
}

#[expect(clippy::expect_used, reason = "a test without its files has failed")]
fn write(path: &Path, text: &str) {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    file.expect("a new file")
        .write_all(text.as_bytes())
        .expect("space for a file");
}
