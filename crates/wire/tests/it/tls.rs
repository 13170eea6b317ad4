//! TLS: which certificate, which protocol, and for whom.

use std::sync::Arc;

use bytes::Bytes;
use hokusai_wire::limits::Limits;
use hokusai_wire::tls::{Identity, Tls};
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::generate_simple_self_signed;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::recorder::Recorder;

struct World {
    recorder: Recorder,
    tls: Tls,
    roots: RootCertStore,
}

/// A certificate for these names, and what a client must trust for it.
fn certificate(names: &[&str]) -> (Identity, CertificateDer<'static>) {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let made = generate_simple_self_signed(names).unwrap();
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let identity = Identity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    (identity, made.cert.der().clone())
}

impl World {
    async fn start() -> Self {
        let (one, one_root) = certificate(&["a.test", "*.a.test"]);
        let (two, two_root) = certificate(&["b.test"]);
        let tls = Tls::new(vec![one, two]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(one_root).unwrap();
        roots.add(two_root).unwrap();
        let recorder = Recorder::start_with(Limits::default(), Some(tls.clone())).await;
        Self {
            recorder,
            tls,
            roots,
        }
    }

    async fn connect(
        &self,
        name: &'static str,
        protocol: &[u8],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(self.recorder.address).await?;
        tokio_rustls::TlsConnector::from(Arc::new(config))
            .connect(ServerName::try_from(name).unwrap(), stream)
            .await
    }

    async fn exchange(&self, name: &'static str, bytes: &str) -> std::io::Result<String> {
        let mut stream = self.connect(name, b"http/1.1").await?;
        stream.write_all(bytes.as_bytes()).await?;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

#[tokio::test]
async fn the_server_name_selects_the_certificate_and_there_is_no_default() {
    let world = World::start().await;
    for name in ["a.test", "x.a.test", "b.test"] {
        let request = format!("GET /{name} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
        let answer = world.exchange(name, &request).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    for name in ["c.test", "127.0.0.1"] {
        let error = world.connect(name, b"http/1.1").await.unwrap_err();
        assert!(error.to_string().contains("alert"), "{error}");
    }
    assert_eq!(world.recorder.notes().len(), 3);
}

#[tokio::test]
async fn an_authority_that_the_certificate_does_not_cover_is_misdirected() {
    let world = World::start().await;
    let answer = world
        .exchange(
            "a.test",
            "GET / HTTP/1.1\r\nHost: b.test\r\n\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
        )
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    assert_eq!(world.recorder.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn http2_is_negotiated_and_checked_alike() {
    let world = World::start().await;
    let stream = world.connect("a.test", b"h2").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    for (uri, status) in [
        ("https://a.test/", 200),
        ("https://y.a.test:8443/", 200),
        ("https://b.test/", 421),
        ("http://a.test/", 400),
    ] {
        let request = Request::get(uri).version(Version::HTTP_2);
        let response = sender
            .send_request(request.body(Empty::<Bytes>::new()).unwrap())
            .await
            .unwrap();
        assert_eq!(
            response.status(),
            StatusCode::from_u16(status).unwrap(),
            "{uri}"
        );
        response.into_body().collect().await.unwrap();
    }
    assert_eq!(world.recorder.notes().len(), 2);
}

#[tokio::test]
async fn replaced_certificates_serve_the_next_connection() {
    let mut world = World::start().await;
    let mut open = world.connect("b.test", b"http/1.1").await.unwrap();
    let (fresh, root) = certificate(&["c.test"]);
    world.tls.replace(vec![fresh]);
    world.roots.add(root).unwrap();
    let request = "GET / HTTP/1.1\r\nHost: c.test\r\nConnection: close\r\n\r\n";
    let answer = world.exchange("c.test", request).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(world.connect("a.test", b"http/1.1").await.is_err());
    // What was open stays open.
    open.write_all(b"GET / HTTP/1.1\r\nHost: b.test\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = open.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
}

#[test]
fn a_chain_without_its_key_is_refused() {
    let made = generate_simple_self_signed(vec!["a.test".to_owned()]).unwrap();
    let other = generate_simple_self_signed(vec!["a.test".to_owned()]).unwrap();
    let (chain, key) = (made.cert.pem(), other.signing_key.serialize_pem());
    assert!(Identity::from_pem(chain.as_bytes(), key.as_bytes()).is_err());
    assert!(Identity::from_pem(b"", key.as_bytes()).is_err());
    assert!(Identity::from_pem(chain.as_bytes(), b"").is_err());
}
