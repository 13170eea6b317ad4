//! The accept loop and the connections.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Request, Response, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tower::{Service, ServiceExt as _};

use crate::browser::AllowedHosts;
use crate::gate::{Gate, InFlight, Patience, REFUSED_METHOD, State};
use crate::inspect;
use crate::limits::{Limits, MAX_H2_LOCAL_RESETS, MAX_H2_PENDING_RESETS, TICK};
use crate::refusal::Refusal;
use crate::shutdown::Shutdown;
use crate::tls::{Secured, Tls};

/// Who is at the other end of the connection; an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// How a listener serves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who answers, for the header `X-Hokusai-Answered-By` of refusals.
    pub answered_by: &'static str,
    /// Time and memory that it grants.
    pub limits: Limits,
    /// Its certificates; nothing for plain HTTP.
    pub tls: Option<Tls>,
    /// The names that it answers to, for browsers; nothing where rules decide about hosts.
    pub allowed_hosts: Option<AllowedHosts>,
}

/// Serves `service` until the shutdown is requested and what runs then is done, or [`Limits::drain`] is over.
///
/// Errors: none after binding; what fails on a connection ends that connection.
pub async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    options: Options,
    mut shutdown: Shutdown,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let permits = Arc::new(Semaphore::new(options.limits.max_connections));
    let server = Server {
        service,
        builder: builder(&options.limits),
        limits: Arc::new(options.limits.clone()),
        options: Arc::new(options),
        shutdown: shutdown.clone(),
    };
    // Every connection holds a sender: all are done when the receiver sees the end.
    let (running, mut done) = mpsc::channel::<Infallible>(1);
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.requested() => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        if let Some((stream, peer, permit)) = accepted {
            let (server, running) = (server.clone(), running.clone());
            tokio::spawn(async move {
                server.accepted(stream, peer, permit).await;
                drop(running);
            });
        }
    }
    drop((listener, running));
    done.recv().await;
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // A request or an answer should not wait for the acknowledgement of the one before.
            let _ = stream.set_nodelay(true);
            Some((
                stream,
                SocketAddr::new(peer.ip().to_canonical(), peer.port()),
                permit,
            ))
        }
        Err(error) => {
            tracing::warn!(error = %error, "could not accept a connection");
            // Out of file descriptors, most likely: trying again at once would only burn the CPU.
            if error.kind() != io::ErrorKind::ConnectionAborted {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            None
        }
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // The gate keeps the time of heads; the parser's own timer would cost an entry in the wheel per request.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.max_h2_streams)
        .max_header_list_size(u32::try_from(limits.max_head_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(MAX_H2_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_H2_LOCAL_RESETS);
    builder
}

#[derive(Clone)]
struct Server<S> {
    service: S,
    builder: Builder<TokioExecutor>,
    limits: Arc<Limits>,
    options: Arc<Options>,
    shutdown: Shutdown,
}

impl<S, B> Server<S>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Shakes hands if need be, then serves.
    async fn accepted(mut self, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        let Some(tls) = self.options.tls.clone() else {
            return self.connection(stream, peer, None, permit).await;
        };
        let shaken = tokio::select! {
            () = self.shutdown.requested() => return,
            shaken = tokio::time::timeout(self.limits.head_read_timeout, tls.accept(stream)) => shaken,
        };
        match shaken {
            Ok(Ok((stream, secured))) => {
                self.connection(stream, peer, Some(Arc::new(secured)), permit)
                    .await;
            }
            Ok(Err(error)) => {
                tracing::debug!(peer = %peer, error = %error, "a TLS handshake failed");
            }
            Err(_) => tracing::debug!(peer = %peer, "a TLS handshake took too long"),
        }
    }

    async fn connection<IO>(
        mut self,
        stream: IO,
        peer: SocketAddr,
        secured: Option<Arc<Secured>>,
        permit: OwnedSemaphorePermit,
    ) where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let state = Arc::new(State::new());
        let gate = Gate::new(stream, Arc::clone(&self.limits), Arc::clone(&state), permit);
        let handler = {
            let (server, state) = (self.clone(), Arc::clone(&state));
            hyper::service::service_fn(move |request| {
                let about = About {
                    peer,
                    secured: secured.clone(),
                    state: Arc::clone(&state),
                    options: Arc::clone(&server.options),
                };
                handle(server.service.clone(), request, about)
            })
        };
        let mut connection = pin!(
            self.builder
                .serve_connection_with_upgrades(TokioIo::new(gate), handler)
        );
        let mut tick = tokio::time::interval(TICK);
        let mut deadline = None;
        loop {
            tokio::select! {
                result = connection.as_mut() => {
                    if let Err(error) = result {
                        tracing::debug!(peer = %peer, error = %error, "a connection ended early");
                    }
                    return;
                }
                () = self.shutdown.requested(), if deadline.is_none() => {
                    deadline = Some(tokio::time::Instant::now() + self.limits.drain);
                    connection.as_mut().graceful_shutdown();
                }
                _ = tick.tick() => match state.patience(&self.limits) {
                    Patience::Left => {}
                    Patience::Idle => connection.as_mut().graceful_shutdown(),
                    Patience::Over => return,
                },
            }
            if deadline.is_some_and(|deadline| deadline <= tokio::time::Instant::now()) {
                return;
            }
        }
    }
}

/// What is known of a request's connection.
struct About {
    peer: SocketAddr,
    secured: Option<Arc<Secured>>,
    state: Arc<State>,
    options: Arc<Options>,
}

async fn handle<S, B>(
    service: S,
    mut request: Request<Incoming>,
    about: About,
) -> Result<Response<Answer<B>>, Infallible>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
{
    let in_flight = about.state.enter();
    let is_upgrade = inspect::is_websocket(&request);
    if let Err(refusal) = admit(&request, &about) {
        if is_upgrade {
            about.state.decide(false);
        }
        return Ok(refuse(
            refusal,
            request.version(),
            about.options.answered_by,
        ));
    }
    inspect::normalise(&mut request);
    request.extensions_mut().insert(PeerAddr(about.peer));
    let response = service.oneshot(request).await?;
    if is_upgrade {
        about
            .state
            .decide(response.status() == http::StatusCode::SWITCHING_PROTOCOLS);
    }
    Ok(response.map(|body| Answer::Service(body, in_flight)))
}

fn admit(request: &Request<Incoming>, about: &About) -> Result<(), Refusal> {
    if request.method().as_str() == REFUSED_METHOD {
        return Err(if request.version() == Version::HTTP_2 {
            Refusal::Method
        } else {
            about.state.refusal()
        });
    }
    inspect::check(request, about.secured.is_some())?;
    if about.secured.is_none() && about.options.allowed_hosts.is_none() {
        return Ok(());
    }
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let host = request.headers().get(HOST);
    let host = host.and_then(|host| host.to_str().ok()).or(authority);
    if let Some(secured) = &about.secured
        && !host.is_some_and(|host| secured.covers(host))
    {
        return Err(Refusal::NotCovered);
    }
    match &about.options.allowed_hosts {
        Some(hosts) => hosts.admit(
            request.method(),
            request.uri().path(),
            host,
            request.headers(),
        ),
        None => Ok(()),
    }
}

fn refuse<B>(refusal: Refusal, version: Version, answered_by: &'static str) -> Response<Answer<B>> {
    let mut response = Response::new(Answer::Own(Some(Bytes::from(refusal.body()))));
    *response.status_mut() = refusal.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ANSWERED_BY, HeaderValue::from_static(answered_by));
    if version != Version::HTTP_2 {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Says which part of Hokusai made an answer.
pub const ANSWERED_BY: HeaderName = HeaderName::from_static("x-hokusai-answered-by");

/// The body of an answer: the service's, counted as under way until it ends, or our own.
enum Answer<B> {
    Service(
        B,
        #[expect(dead_code, reason = "held for its drop")] InFlight,
    ),
    Own(Option<Bytes>),
}

impl<B: Body<Data = Bytes> + Unpin> Body for Answer<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.get_mut() {
            Self::Service(body, _) => Pin::new(body).poll_frame(cx),
            Self::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Service(body, _) => body.is_end_stream(),
            Self::Own(bytes) => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Service(body, _) => body.size_hint(),
            Self::Own(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}
