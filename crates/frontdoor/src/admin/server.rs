//! The admin side of a running front door.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ring::hmac;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};

use super::protocol::{LoadNext, Refusal, Reload, Step, Weights};
use crate::control::ControlError;
use crate::door::StartError;
use crate::shared::Shared;

/// Where a front door is administered; nowhere by default.
#[derive(Clone, Debug, Default)]
pub struct AdminConfig {
    /// A Unix socket, made with mode 0600.
    pub socket: Option<PathBuf>,
    /// TCP on loopback, and the key that it asks for.
    pub tcp: Option<(SocketAddr, String)>,
}

/// Bound.
pub(crate) struct AdminListeners {
    socket: Option<(UnixListener, PathBuf)>,
    tcp: Option<(TcpListener, Arc<Guard>)>,
}

/// Knows a key without keeping it.
struct Guard(hmac::Key);

impl AdminListeners {
    pub(crate) async fn bind(config: &AdminConfig) -> Result<Self, StartError> {
        let refused = |address: String| {
            move |source| StartError::Bind {
                listener: "admin".to_owned(),
                address,
                source,
            }
        };
        let socket = match &config.socket {
            Some(path) => {
                let bound = bind_socket(path).await;
                Some((
                    bound.map_err(refused(path.display().to_string()))?,
                    path.clone(),
                ))
            }
            None => None,
        };
        let tcp = match &config.tcp {
            Some((address, key)) => {
                let refused = refused(address.to_string());
                if !address.ip().is_loopback() {
                    let why = "the admin side only listens on loopback";
                    return Err(refused(io::Error::other(why)));
                }
                let bound = TcpListener::bind(address).await.map_err(refused)?;
                Some((bound, Arc::new(Guard::new(key))))
            }
            None => None,
        };
        Ok(Self { socket, tcp })
    }

    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.tcp.as_ref().and_then(|(tcp, _)| tcp.local_addr().ok())
    }
}

/// Serves until the shutdown; removes the socket then.
pub(crate) async fn serve(listeners: AdminListeners, shared: Arc<Shared>) {
    let mut shutdown = shared.shutdown.clone();
    loop {
        tokio::select! {
            () = shutdown.requested() => break,
            Some(stream) = accept_socket(listeners.socket.as_ref()) => {
                tokio::spawn(connection(stream, None, Arc::clone(&shared)));
            }
            Some((stream, guard)) = accept_tcp(listeners.tcp.as_ref()) => {
                tokio::spawn(connection(stream, Some(guard), Arc::clone(&shared)));
            }
        }
    }
    if let Some((_, path)) = &listeners.socket {
        let _ = std::fs::remove_file(path);
    }
}

/// A socket that nobody listens on is what a killed process left behind. It is made where nobody
/// else looks, and appears under its name once its mode is right.
async fn bind_socket(path: &Path) -> io::Result<UnixListener> {
    if UnixStream::connect(path).await.is_ok() {
        return Err(io::Error::from(io::ErrorKind::AddrInUse));
    }
    let private = path.with_extension("new");
    let _ = std::fs::remove_dir_all(&private);
    std::fs::DirBuilder::new().mode(0o700).create(&private)?;
    let fresh = private.join("s");
    let listener = UnixListener::bind(&fresh)?;
    std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&fresh, path)?;
    std::fs::remove_dir(&private)?;
    Ok(listener)
}

async fn accept_socket(socket: Option<&(UnixListener, PathBuf)>) -> Option<UnixStream> {
    match socket {
        Some((socket, _)) => accepted(socket.accept().await.map(|(stream, _)| stream)).await,
        None => std::future::pending().await,
    }
}

async fn accept_tcp(
    tcp: Option<&(TcpListener, Arc<Guard>)>,
) -> Option<(tokio::net::TcpStream, Arc<Guard>)> {
    match tcp {
        Some((tcp, guard)) => {
            let stream = accepted(tcp.accept().await.map(|(stream, _)| stream)).await;
            stream.map(|stream| (stream, Arc::clone(guard)))
        }
        None => std::future::pending().await,
    }
}

async fn accepted<T>(stream: io::Result<T>) -> Option<T> {
    match stream {
        Ok(stream) => Some(stream),
        Err(error) => {
            tracing::warn!(error = %error, "the admin side could not accept a connection");
            tokio::time::sleep(PAUSE).await;
            // Never ready: the other branch goes on, and the next round asks again.
            None
        }
    }
}

async fn connection<IO>(stream: IO, guard: Option<Arc<Guard>>, shared: Arc<Shared>)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let (guard, shared) = (guard.clone(), Arc::clone(&shared));
        async move { Ok::<_, Infallible>(answer(request, guard.as_deref(), &shared).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(error = %error, "an admin connection ended early");
    }
}

async fn answer(
    request: Request<Incoming>,
    guard: Option<&Guard>,
    shared: &Shared,
) -> Response<Full<Bytes>> {
    if guard.is_some_and(|guard| !guard.admits(&request)) {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "the admin key is missing or wrong",
            "send `Authorization: Bearer KEY` with the key of the front door's admin key file",
        );
    }
    let (head, body) = request.into_parts();
    if head.method == Method::GET && head.uri.path() == "/metrics" {
        let text = shared.metrics.text(&shared.installed());
        return respond(StatusCode::OK, "text/plain; version=0.0.4", text.into());
    }
    let body = Limited::new(body, MAX_REQUEST_BYTES);
    let Ok(Ok(body)) = tokio::time::timeout(BODY_TIMEOUT, body.collect()).await else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "the request is too large or too slow",
            "send less",
        );
    };
    let body = body.to_bytes();
    let done = match (head.method.as_str(), head.uri.path()) {
        ("GET", "/v1/status") => Ok(0),
        ("POST", "/v1/reload") => match read::<Reload>(&body) {
            Ok(asked) => {
                shared
                    .reload(asked.accept_intent_change, asked.if_revision)
                    .await
            }
            Err(refused) => return refused,
        },
        ("POST", "/v1/next") => match read::<LoadNext>(&body) {
            Ok(asked) => load_next(shared, asked).await,
            Err(refused) => return refused,
        },
        ("POST", "/v1/weights") => match read::<Weights>(&body) {
            Ok(asked) => {
                let listener = asked.listener.as_deref();
                shared
                    .set_share(listener, asked.next_percent, asked.if_revision)
                    .await
            }
            Err(refused) => return refused,
        },
        ("POST", "/v1/promote") => match read::<Step>(&body) {
            Ok(asked) => shared.promote(asked.if_revision).await,
            Err(refused) => return refused,
        },
        ("POST", "/v1/rollback") => match read::<Step>(&body) {
            Ok(asked) => shared.roll_back(asked.if_revision).await,
            Err(refused) => return refused,
        },
        _ => {
            return refuse(
                StatusCode::NOT_FOUND,
                "the admin side has no such request",
                "see docs/front-door.md",
            );
        }
    };
    match done {
        Ok(_) => {
            let status = serde_json::to_vec(&shared.status()).unwrap_or_default();
            respond(StatusCode::OK, "application/json", status.into())
        }
        Err(error) => explain(&error),
    }
}

async fn load_next(shared: &Shared, asked: LoadNext) -> Result<u64, ControlError> {
    let directory = Path::new(&asked.name).parent().unwrap_or(Path::new("."));
    let directory = directory.to_owned();
    shared
        .load_next(
            asked.name,
            directory,
            asked.text,
            asked.accept_intent_change,
            asked.if_revision,
        )
        .await
}

#[expect(clippy::result_large_err, reason = "the error is the answer")]
fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Response<Full<Bytes>>> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| {
        refuse(
            StatusCode::BAD_REQUEST,
            &error.to_string(),
            "see docs/front-door.md",
        )
    })
}

fn explain(error: &ControlError) -> Response<Full<Bytes>> {
    let status = match error {
        ControlError::Revision { .. } | ControlError::NextIsLoaded => StatusCode::CONFLICT,
        ControlError::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let hint = match error {
        ControlError::Load(error) => error.hint(),
        _ => "`hokusai front-door status` shows what is enforced",
    };
    refuse(status, &error.to_string(), hint)
}

fn refuse(status: StatusCode, message: &str, hint: &str) -> Response<Full<Bytes>> {
    let refusal = Refusal {
        message: message.to_owned(),
        hint: hint.to_owned(),
    };
    let body = serde_json::to_vec(&refusal).unwrap_or_default();
    respond(status, "application/json", body.into())
}

fn respond(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(content_type),
    );
    response
}

impl Guard {
    fn new(key: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))
    }

    /// Tags that each key makes are compared, in constant time, not the keys.
    fn admits(&self, request: &Request<Incoming>) -> bool {
        let sent = request.headers().get(header::AUTHORIZATION);
        let sent = sent.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        sent.is_some_and(|sent| {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, sent), PROOF);
            hmac::verify(&self.0, PROOF, tag.as_ref()).is_ok()
        })
    }
}

const PROOF: &[u8] = b"hokusai front door admin";
/// A client on the same machine sends at once.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest rule table comes from the same machine in far less.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Out of file descriptors, most likely.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest rule table that is read, escaped as JSON.
const MAX_REQUEST_BYTES: usize = 2 * hokusai_routes::reader::MAX_SOURCE_BYTES;
