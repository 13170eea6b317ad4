//! The artifact that is uploaded: as long as asked for, never in memory as a whole, different in each run.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use sha2::{Digest as _, Sha256};
use tokio::time::Sleep;

pub(super) use super::http::transfer_time;

/// Bytes that follow from a seed.
pub(super) struct Artifact {
    state: u64,
    left: u64,
    pause: Option<Pin<Box<Sleep>>>,
    is_hesitant: bool,
}

impl Artifact {
    /// `bytes` bytes that follow from the digits of a run id.
    pub(super) fn new(run_id: &str, bytes: u64) -> Self {
        let digits = run_id.get(..16).unwrap_or("1");
        Self {
            // A zero would stay zero.
            state: u64::from_str_radix(digits, 16).unwrap_or(1) | 1,
            left: bytes,
            pause: None,
            is_hesitant: false,
        }
    }

    /// The same, with a pause after the first piece: who refuses early is heard before the connection breaks.
    pub(super) fn hesitant(run_id: &str, bytes: u64) -> Self {
        Self {
            is_hesitant: true,
            ..Self::new(run_id, bytes)
        }
    }

    /// SHA-256 of all of it.
    pub(super) fn digest(mut self) -> Vec<u8> {
        let mut hash = Sha256::new();
        while let Some(chunk) = self.chunk() {
            hash.update(&chunk);
        }
        hash.finalize().to_vec()
    }

    fn chunk(&mut self) -> Option<Bytes> {
        if self.left == 0 {
            return None;
        }
        let length = self.left.min(CHUNK);
        self.left -= length;
        let mut chunk = Vec::new();
        while (chunk.len() as u64) < length {
            // Marsaglia's xorshift: not random enough for keys, and nothing compresses it.
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            chunk.extend_from_slice(&self.state.to_le_bytes());
        }
        chunk.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Some(Bytes::from(chunk))
    }
}

impl Body for Artifact {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let artifact = self.get_mut();
        if let Some(pause) = &mut artifact.pause {
            ready!(pause.as_mut().poll(cx));
            artifact.pause = None;
        }
        let chunk = artifact.chunk();
        if std::mem::take(&mut artifact.is_hesitant) {
            artifact.pause = Some(Box::pin(tokio::time::sleep(PAUSE)));
        }
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

const CHUNK: u64 = 64 << 10;
const PAUSE: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_has_its_length_and_follows_from_the_run() {
        let mut artifact = Artifact::new("00000000000000ff", CHUNK * 2 + 3);
        let mut length = 0;
        while let Some(chunk) = artifact.chunk() {
            length += chunk.len() as u64;
        }
        assert_eq!(length, CHUNK * 2 + 3);
        let digest = |id| Artifact::new(id, 100).digest();
        assert_eq!(digest("0123456789abcdef"), digest("0123456789abcdef"));
        assert_ne!(digest("0123456789abcdef"), digest("1123456789abcdef"));
    }
}
