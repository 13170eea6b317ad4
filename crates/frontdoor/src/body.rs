//! Bodies on their way, both directions: passed on frame by frame, without trailers.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::group::Occupied;
use crate::pool::Lease;

/// What a body can fail with.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;
/// The body of a service's answer.
pub type ServiceBody = UnsyncBoxBody<Bytes, BodyError>;

/// The body of a request as a target or a mounted service sees it.
pub struct RequestBody {
    inner: Option<Incoming>,
    progress: Option<Arc<Progress>>,
}

/// How far the body of a request has come, for whoever waits for the answer.
#[derive(Debug)]
pub(crate) struct Progress {
    start: Instant,
    moved_ms: AtomicU64,
    waits_for_client: AtomicBool,
    is_done: AtomicBool,
}

impl RequestBody {
    /// No body: a health check's.
    pub(crate) fn empty() -> Self {
        Self {
            inner: None,
            progress: None,
        }
    }

    /// A client's; its progress is kept if there is anything to come.
    pub(crate) fn new(incoming: Incoming) -> (Self, Option<Arc<Progress>>) {
        let progress = (!incoming.is_end_stream()).then(|| Arc::new(Progress::new()));
        let body = Self {
            inner: Some(incoming),
            progress: progress.clone(),
        };
        (body, progress)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(inner) = &mut self.inner else {
            return Poll::Ready(None);
        };
        let polled = without_trailers(Pin::new(inner).poll_frame(cx));
        if let Some(progress) = &self.progress {
            progress.note(&polled);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Some(inner) => inner.size_hint(),
            None => SizeHint::with_exact(0),
        }
    }
}

impl Progress {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            moved_ms: AtomicU64::new(0),
            waits_for_client: AtomicBool::new(false),
            is_done: AtomicBool::new(false),
        }
    }

    fn note<T, E>(&self, polled: &Poll<Option<Result<T, E>>>) {
        self.waits_for_client
            .store(polled.is_pending(), Ordering::Relaxed);
        match polled {
            Poll::Pending => return,
            Poll::Ready(None) => self.is_done.store(true, Ordering::Relaxed),
            Poll::Ready(Some(_)) => {}
        }
        let elapsed = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved_ms.store(elapsed, Ordering::Relaxed);
    }

    /// When the last bytes passed.
    pub(crate) fn moved_at(&self) -> Instant {
        self.start + Duration::from_millis(self.moved_ms.load(Ordering::Relaxed))
    }

    /// Whether it is the client who keeps the body from going on.
    pub(crate) fn waits_for_client(&self) -> bool {
        self.waits_for_client.load(Ordering::Relaxed)
    }

    /// Whether all of the body was passed on.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Relaxed)
    }
}

/// The body of an answer.
pub(crate) enum DoorBody {
    /// The door's own.
    Own(Option<Bytes>),
    /// A target's.
    Target(Box<TargetBody>),
    /// A mounted service's; it keeps its place in the group until it ends.
    Service(
        ServiceBody,
        #[expect(dead_code, reason = "held for its drop")] Occupied,
    ),
}

/// A target's body: passed on as it comes; it keeps its place in the group until it ends, and gives its connection back.
pub(crate) struct TargetBody {
    pub(crate) inner: Incoming,
    /// Its end was seen: a chunked body says so only then.
    pub(crate) is_over: bool,
    pub(crate) lease: Lease,
    pub(crate) request: Option<Arc<Progress>>,
    pub(crate) idle_limit: Duration,
    pub(crate) idle: Option<Pin<Box<Sleep>>>,
    pub(crate) _occupied: Occupied,
}

impl TargetBody {
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = without_trailers(Pin::new(&mut self.inner).poll_frame(cx));
        if polled.is_ready() {
            self.is_over |= matches!(polled, Poll::Ready(None));
            self.idle = None;
            return polled.map_err(Into::into);
        }
        let idle = self
            .idle
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(self.idle_limit)));
        match idle.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err("the target stopped in the middle".into()))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for TargetBody {
    fn drop(&mut self) {
        let is_request_done = self
            .request
            .as_ref()
            .is_none_or(|request| request.is_done());
        if is_request_done && (self.is_over || self.inner.is_end_stream()) {
            self.lease.give_back();
        }
    }
}

impl Body for DoorBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Target(body) => body.poll_frame(cx),
            Self::Service(body, _) => without_trailers(Pin::new(body).poll_frame(cx)),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(bytes) => bytes.is_none(),
            Self::Target(body) => body.inner.is_end_stream(),
            Self::Service(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Target(body) => body.inner.size_hint(),
            Self::Service(body, _) => body.size_hint(),
        }
    }
}

/// Trailers end a body: they can carry what the head may not (security 16).
fn without_trailers<E>(
    polled: Poll<Option<Result<Frame<Bytes>, E>>>,
) -> Poll<Option<Result<Frame<Bytes>, E>>> {
    match polled {
        Poll::Ready(Some(Ok(frame))) if !frame.is_data() => Poll::Ready(None),
        other => other,
    }
}
