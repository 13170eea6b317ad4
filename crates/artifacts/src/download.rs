//! Downloads: whole files or one range, streamed in chunks; a file's from a thread that may block.

use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;

use crate::ArtifactError;

/// One chunk on its way out.
const CHUNK_BYTES: usize = 256 << 10;
/// Chunks read ahead: a slow client holds about 1 MiB.
const CHUNKS_AHEAD: usize = 4;

/// Which bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From the first to the last, both counted; `None` is up to the end.
    From(u64, Option<u64>),
    /// So many at the end.
    Last(u64),
}

impl ByteRange {
    /// Reads a `Range` header with one range. `None`: not one that we serve, so the whole file is sent (RFC 9110 §14.2).
    pub fn parse(header: &str) -> Option<Self> {
        let (first, last) = header
            .trim()
            .strip_prefix("bytes=")?
            .trim()
            .split_once('-')?;
        let number = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| text.parse::<u64>().ok())
                .flatten()
        };
        match (first.trim(), last.trim()) {
            ("", last) => Some(Self::Last(number(last)?)),
            (first, "") => Some(Self::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    /// The first byte and the number of bytes, in a file of `size_bytes`.
    pub(crate) fn resolve(self, size_bytes: u64) -> Result<(u64, u64), ArtifactError> {
        let first = match self {
            Self::From(first, _) => first,
            Self::Last(count) => size_bytes.saturating_sub(count),
        };
        let end = match self {
            Self::From(_, Some(last)) => last.saturating_add(1).min(size_bytes),
            Self::From(_, None) | Self::Last(_) => size_bytes,
        };
        if first >= end {
            return Err(ArtifactError::RangeNotSatisfiable { size_bytes });
        }
        Ok((first, end - first))
    }
}

/// An artifact, about to be sent.
pub struct Download {
    body: Body,
    /// Size of the whole file.
    pub size_bytes: u64,
    /// First byte that is sent.
    pub first_byte: u64,
    /// How many bytes are sent.
    pub length_bytes: u64,
}

/// Where its bytes come from.
enum Body {
    /// An open file at its first byte.
    File(File),
    /// Bytes of a bucket, neither more nor less than are announced, or an error.
    Stream(BoxStream<'static, std::io::Result<Bytes>>),
}

impl Download {
    /// Of an open file.
    pub(crate) fn of_file(
        mut file: File,
        size_bytes: u64,
        range: Option<ByteRange>,
    ) -> Result<Self, ArtifactError> {
        let (first_byte, length_bytes) = match range {
            Some(range) => range.resolve(size_bytes)?,
            None => (0, size_bytes),
        };
        file.seek(SeekFrom::Start(first_byte))?;
        Ok(Self {
            body: Body::File(file),
            size_bytes,
            first_byte,
            length_bytes,
        })
    }

    /// Of `bytes` of an artifact that has `size_bytes` in all.
    pub(crate) fn of_stream(
        stream: BoxStream<'static, std::io::Result<Bytes>>,
        size_bytes: u64,
        bytes: Range<u64>,
    ) -> Self {
        Self {
            body: Body::Stream(stream),
            size_bytes,
            first_byte: bytes.start,
            length_bytes: bytes.end.saturating_sub(bytes.start),
        }
    }

    /// The bytes. Reading stops when the stream is dropped.
    pub fn into_stream(self) -> BoxStream<'static, std::io::Result<Bytes>> {
        let file = match self.body {
            Body::File(file) => file,
            Body::Stream(stream) => return stream,
        };
        let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
        tokio::task::spawn_blocking(move || send(file, self.length_bytes, &sender));
        let chunks = stream::unfold(receiver, |mut receiver| async {
            let chunk = receiver.recv().await?;
            Some((chunk, receiver))
        });
        chunks.boxed()
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("size_bytes", &self.size_bytes)
            .field("first_byte", &self.first_byte)
            .field("length_bytes", &self.length_bytes)
            .finish_non_exhaustive()
    }
}

fn send(mut file: File, length_bytes: u64, sender: &mpsc::Sender<std::io::Result<Bytes>>) {
    let mut left = length_bytes;
    let mut step = || -> std::io::Result<Option<Bytes>> {
        if left == 0 {
            return Ok(None);
        }
        let want = usize::try_from(left)
            .unwrap_or(CHUNK_BYTES)
            .min(CHUNK_BYTES);
        let mut chunk = vec![0; want];
        file.read_exact(&mut chunk)?;
        left -= u64::try_from(want).unwrap_or(left);
        Ok(Some(Bytes::from(chunk)))
    };
    while let Some(chunk) = step().transpose() {
        let is_failed = chunk.is_err();
        if sender.blocking_send(chunk).is_err() || is_failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_cut_to_the_file() {
        let resolve = |header: &str| ByteRange::parse(header).map(|range| range.resolve(10).ok());
        assert_eq!(resolve("bytes=0-4"), Some(Some((0, 5))));
        assert_eq!(resolve("bytes=4-"), Some(Some((4, 6))));
        assert_eq!(resolve("bytes=-3"), Some(Some((7, 3))));
        assert_eq!(resolve("bytes=-30"), Some(Some((0, 10))));
        assert_eq!(resolve("bytes=8-99"), Some(Some((8, 2))));
        assert_eq!(resolve("bytes=10-"), Some(None));
        assert_eq!(resolve("bytes=-0"), Some(None));
        for header in [
            "bytes=5-4",
            "bytes=a-b",
            "items=0-1",
            "bytes=0-1,3-4",
            "bytes=+1-2",
            "bytes=-",
            "",
        ] {
            assert_eq!(resolve(header), None, "{header}");
        }
    }
}
