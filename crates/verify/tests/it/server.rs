//! A server that records every byte, and answers as a test tells it.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A request as far as answers depend on it.
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Which request of the whole server it is, from 1.
    pub(crate) number: usize,
    pub(crate) head: String,
}

/// An answer, and whether the connection ends with it.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    pub(crate) closes: bool,
}

impl Reply {
    /// JSON from somebody.
    pub(crate) fn json(status: u16, answered_by: &str, body: &serde_json::Value) -> Self {
        Self {
            status,
            headers: vec![("X-Hokusai-Answered-By", answered_by.to_owned())],
            body: body.to_string(),
            closes: false,
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.1 {} X\r\nContent-Length: {}\r\n",
            self.status,
            self.body.len()
        );
        for (name, value) in &self.headers {
            head.extend([*name, ": ", value, "\r\n"]);
        }
        if self.closes {
            head.push_str("Connection: close\r\n");
        }
        format!("{head}\r\n{}", self.body).into_bytes()
    }
}

type Answering = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

/// A running server.
pub(crate) struct Recorder {
    pub(crate) port: u16,
    recorded: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    /// In clear, or with TLS.
    pub(crate) async fn start(
        tls: Option<ServerConfig>,
        answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let (answer, acceptor): (Answering, _) = (
            Arc::new(answer),
            tls.map(|tls| TlsAcceptor::from(Arc::new(tls))),
        );
        let (count, bytes) = (Arc::new(Mutex::new(0)), Arc::clone(&recorded));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, count, bytes) =
                    (Arc::clone(&answer), Arc::clone(&count), Arc::clone(&bytes));
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    match acceptor {
                        None => talk(stream, answer, count, bytes).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                talk(stream, answer, count, bytes).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, recorded }
    }

    /// Everything that was ever sent to it.
    pub(crate) fn recorded(&self) -> Vec<u8> {
        self.recorded.lock().unwrap().clone()
    }
}

async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: Answering,
    count: Arc<Mutex<usize>>,
    recorded: Arc<Mutex<Vec<u8>>>,
) {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = whole_request(&buffer) {
                break end;
            }
            let mut chunk = [0; 4096];
            match stream.read(&mut chunk).await {
                Ok(length) if length > 0 => {
                    recorded.lock().unwrap().extend_from_slice(&chunk[..length]);
                    buffer.extend_from_slice(&chunk[..length]);
                }
                _ => return,
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        buffer.drain(..end);
        let number = {
            let mut count = count.lock().unwrap();
            *count += 1;
            *count
        };
        let mut words = head.split(' ');
        let seen = Seen {
            method: words.next().unwrap_or_default().to_owned(),
            path: words.next().unwrap_or_default().to_owned(),
            number,
            head,
        };
        let reply = answer(&seen);
        if stream.write_all(&reply.bytes()).await.is_err() || reply.closes {
            return;
        }
    }
}

/// Where the first request of a buffer ends, if it is there as a whole.
fn whole_request(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let length = text
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next());
    let end = head + length.map_or(0, |length| length.parse().unwrap_or(0));
    (buffer.len() >= end).then_some(end)
}

/// A certificate for `name`, vouched for by nobody, and its PEM.
pub(crate) fn certificate(name: &str) -> (ServerConfig, String) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![made.cert.der().clone()];
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    (config, made.cert.pem())
}
