//! Whole bodies: how large they may be, and how slowly they may come.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ApiError, ErrorKind};

/// The bytes of a JSON body whose content type was checked; for the hot paths that parse into a type of their own.
#[derive(Clone, Debug)]
pub struct JsonBody(pub bytes::Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Self::Rejection> {
        let strict = matches!(*request.method(), Method::POST | Method::PUT);
        let content_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .map(|value| value.to_str().unwrap_or_default());
        match content_type {
            None if strict => {
                return Err(ApiError::invalid(
                    "Bad Request. Content-Type header is missing.",
                ));
            }
            Some(found) if found.split(';').next().map(str::trim) != Some("application/json") => {
                return Err(ApiError::invalid(
                    "Bad Request. Content-Type must be one of ['application/json'].",
                ));
            }
            _ => {}
        }
        let (parts, body) = request.into_parts();
        let _room = match parts.extensions.get::<BodyMemory>() {
            Some(memory) => memory.room_for(expected_bytes(&body), PACE).await?,
            None => None,
        };
        read(&parts.headers, body, MAX_JSON_BYTES).await.map(Self)
    }
}

/// Memory for large bodies that come in, shared by all requests of a service; an extension of each.
#[derive(Clone, Debug)]
pub struct BodyMemory(Arc<Semaphore>);

impl Default for BodyMemory {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_BYTES_COMING_IN / UNIT_BYTES)))
    }
}

impl BodyMemory {
    /// Waits for room for a body of so many bytes, no longer than a body is waited for; a small one needs none.
    async fn room_for(
        &self,
        bytes: usize,
        pace: Pace,
    ) -> Result<Option<OwnedSemaphorePermit>, ApiError> {
        if bytes <= UNIT_BYTES {
            return Ok(None);
        }
        let units = u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.0).acquire_many_owned(units);
        match tokio::time::timeout(pace.patience, room).await {
            Ok(Ok(room)) => Ok(Some(room)),
            _ => Err(ApiError::new(
                ErrorKind::Unavailable,
                "as many large bodies come in as this server holds at once: try again, or send smaller batches",
            )
            .retry_after(1)),
        }
    }
}

/// Reads a body of at most `most_bytes`; what its head says of its length is believed if it is too much.
pub async fn read(headers: &HeaderMap, body: Body, most_bytes: usize) -> Result<Bytes, ApiError> {
    read_at(PACE, headers, body, most_bytes).await
}

/// How slowly a body may come.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// How long it is watched before it is judged, again and again.
    patience: Duration,
    /// What it must bring in that time unless it ends.
    least_bytes: usize,
}

async fn read_at(
    pace: Pace,
    headers: &HeaderMap,
    mut body: Body,
    most_bytes: usize,
) -> Result<Bytes, ApiError> {
    if declared_bytes(headers) > u64::try_from(most_bytes).unwrap_or(u64::MAX) {
        return Err(too_large(most_bytes));
    }
    let mut read = BytesMut::new();
    let mut window = std::pin::pin!(tokio::time::sleep(pace.patience));
    let mut brought = 0;
    loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = window.as_mut() => {
                if brought < pace.least_bytes {
                    return Err(too_slow(pace));
                }
                brought = 0;
                let next = window.deadline() + pace.patience;
                window.as_mut().reset(next);
                continue;
            }
        };
        let Some(frame) = frame else {
            return Ok(read.freeze());
        };
        // Trailers are no part of it.
        let Ok(data) = frame.map_err(|_| incomplete())?.into_data() else {
            continue;
        };
        brought += data.len();
        read.extend_from_slice(&data);
        if read.len() > most_bytes {
            return Err(too_large(most_bytes));
        }
    }
}

/// What a request's head says of its body's length; 0 if it says nothing.
fn declared_bytes(headers: &HeaderMap) -> u64 {
    headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .unwrap_or_default()
}

/// How much a body may take: what it says, or all that is allowed if it says nothing.
fn expected_bytes(body: &Body) -> usize {
    let declared = body.size_hint().upper();
    let declared = declared.and_then(|bytes| usize::try_from(bytes).ok());
    declared.map_or(MAX_JSON_BYTES, |bytes| bytes.min(MAX_JSON_BYTES))
}

fn too_large(most_bytes: usize) -> ApiError {
    ApiError::new(
        ErrorKind::TooLarge,
        format!("the body is larger than {most_bytes} bytes: send it in smaller batches"),
    )
}

fn too_slow(pace: Pace) -> ApiError {
    let (bytes, seconds) = (pace.least_bytes, pace.patience.as_secs());
    let message = format!("the body came too slowly: less than {bytes} bytes in {seconds} s");
    ApiError::new(ErrorKind::BadRequest, message)
}

fn incomplete() -> ApiError {
    ApiError::new(
        ErrorKind::BadRequest,
        "the body is incomplete: it ended, or broke its framing, before it was all there",
    )
}

/// A batch of 1,000 entries with values of the allowed length stays far below; anything larger is not a registry request.
pub const MAX_JSON_BYTES: usize = 16 * 1024 * 1024;

/// Sixteen of the largest bodies, or thousands of usual ones: a client with a key could otherwise fill the memory through its connections.
pub const MOST_BYTES_COMING_IN: usize = 256 * 1024 * 1024;

/// Bodies up to this are not counted: all connections together hold 512 MiB of them at most.
const UNIT_BYTES: usize = 64 * 1024;

/// 1 KiB/s, slower than any modem. Below the minute after which a listener cuts a silent client off, so that a slow one is told why.
const PACE: Pace = Pace {
    patience: Duration::from_secs(15),
    least_bytes: 15 * 1024,
};

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};

    use super::*;

    const SHORT: Pace = Pace {
        patience: Duration::from_millis(50),
        least_bytes: 100,
    };

    /// A body that brings a chunk of `bytes` so often and then nothing more, without an end.
    fn body(bytes: usize, times: usize) -> Body {
        let chunk = move |_| Ok(Bytes::from(vec![b' '; bytes]));
        let chunks = stream::iter((0..times).map(chunk));
        Body::from_stream(chunks.chain(stream::pending::<std::io::Result<Bytes>>()))
    }

    #[tokio::test]
    async fn a_body_that_stalls_is_given_up() {
        for body in [body(1, 0), body(1, 99), body(1000, 1)] {
            let refused = read_at(SHORT, &HeaderMap::new(), body, 10_000).await;
            let message = refused.unwrap_err().message().to_owned();
            assert!(message.contains("too slowly"), "{message}");
        }
    }

    #[tokio::test]
    async fn a_body_that_moves_is_read_to_its_limit() {
        let refused = read_at(SHORT, &HeaderMap::new(), body(100, 11), 1000).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::TooLarge);
    }

    #[tokio::test]
    async fn large_bodies_share_a_bounded_memory() {
        let memory = BodyMemory::default();
        let all = memory.room_for(MOST_BYTES_COMING_IN, SHORT).await.unwrap();
        let refused = memory.room_for(UNIT_BYTES + 1, SHORT).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        assert!(memory.room_for(UNIT_BYTES, SHORT).await.is_ok());
        drop(all);
        assert!(memory.room_for(UNIT_BYTES + 1, SHORT).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_declared_too_large_is_not_waited_for() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_LENGTH, "1001".parse().unwrap());
        let refused = read(&headers, body(1, 0), 1000).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::TooLarge);
    }
}
