//! Answers, the targets' and the door's own.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hokusai_routes::model::FixedResponse;
use hokusai_wire::serve::ANSWERED_BY;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;

/// What the door calls itself in `X-Hokusai-Answered-By`.
pub(crate) const FRONT_DOOR: &str = "front-door";

/// The body of an answer.
pub(crate) enum DoorBody {
    Own(Option<Bytes>),
    /// A target's, passed on as it comes; it keeps its place in the group until it ends.
    Target(
        Incoming,
        #[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit,
    ),
}

impl Body for DoorBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Target(body, _) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(bytes) => bytes.is_none(),
            Self::Target(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Target(body, _) => body.size_hint(),
        }
    }
}

/// An answer of the door's own, in every dialect of its readers.
pub(crate) fn own(status: StatusCode, error_code: &str, message: &str) -> Response<DoorBody> {
    let body = serde_json::json!({"error_code": error_code, "message": message, "detail": message});
    let mut response = labelled(status, "application/json", body.to_string().into());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// The answer that a rule prescribes.
pub(crate) fn fixed(fixed: &FixedResponse) -> Response<DoorBody> {
    let status = StatusCode::from_u16(fixed.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = fixed.content_type.as_deref().unwrap_or("text/plain");
    labelled(
        status,
        content_type,
        fixed.body.clone().unwrap_or_default().into(),
    )
}

fn labelled(status: StatusCode, content_type: &str, body: Bytes) -> Response<DoorBody> {
    let mut response = Response::new(DoorBody::Own(Some(body).filter(|body| !body.is_empty())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        headers.insert(CONTENT_TYPE, content_type);
    }
    headers.insert(ANSWERED_BY, HeaderValue::from_static(FRONT_DOOR));
    response
}
