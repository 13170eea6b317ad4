//! Uploads: collected into parts on the way; what is smaller than a part goes in one request when it is published.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use hokusai_core::artifact_path::ArtifactPath;
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutPayload};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::multipart::Multipart;
use super::{Bucket, fault};
use crate::ArtifactError;
use crate::feed::{self, CHUNKS_IN_FLIGHT};
use crate::staged::Received;

/// Size of every part but the last (some stores want them equal): the smallest with which the 10,000 parts that S3
/// allows hold the largest artifact, 100 GiB. One upload holds at most three in memory.
pub(super) const PART_BYTES: usize = 11 << 20;

/// An upload that is complete but not visible.
#[derive(Debug)]
pub(crate) struct Incoming {
    bucket: Bucket,
    key: Path,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// Smaller than a part: still in memory.
    Whole(Bytes),
    /// Stored, but for the request that completes it.
    Parts(Box<Multipart>),
}

impl Incoming {
    /// Makes it visible, replacing an object of that key.
    pub(crate) async fn publish(self, path: &ArtifactPath) -> Result<(), ArtifactError> {
        let Self {
            bucket,
            key,
            content,
        } = self;
        bucket.check_place(path, &key).await?;
        match content {
            Content::Whole(bytes) => {
                let put = bucket
                    .store()
                    .put(&key, PutPayload::from_bytes(bytes))
                    .await;
                put.map(drop).map_err(fault::of_write)
            }
            Content::Parts(parts) => parts.complete().await,
        }
    }
}

impl Bucket {
    /// No file may be where this one needs a directory, and no directory where it wants to be.
    async fn check_place(&self, path: &ArtifactPath, key: &Path) -> Result<(), ArtifactError> {
        if self.is_directory(key).await? {
            return Err(ArtifactError::IsDirectory);
        }
        let above: Result<Vec<Path>, _> = path
            .ancestors()
            .skip(1)
            .map(|above| self.key("files/", above))
            .collect();
        let heads = above?.into_iter().map(|key| async move {
            match self.store().head(&key).await.map_err(fault::of_read) {
                Ok(_) => Err(ArtifactError::NotADirectory),
                Err(ArtifactError::NotFound) => Ok(()),
                Err(other) => Err(other),
            }
        });
        let mut heads = stream::iter(heads).buffer_unordered(HEADS_AT_ONCE);
        while heads.try_next().await?.is_some() {}
        Ok(())
    }
}

/// A path of usual depth is looked at in one round trip.
const HEADS_AT_ONCE: usize = 8;

/// Receives a body. Dropping the future drops what was stored of it.
pub(super) async fn receive<S, E>(
    bucket: &Bucket,
    key: Path,
    body: S,
) -> Result<(Received, Incoming), ArtifactError>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: std::fmt::Display,
{
    let (sender, chunks) = mpsc::channel(CHUNKS_IN_FLIGHT);
    let limits = bucket.inner.limits;
    let (fed, stored) = tokio::join!(
        feed::feed(sender, limits, body),
        store(bucket, key, limits.max_upload_bytes, chunks)
    );
    // The feeder fails on its own account only: when the storing stops, it merely sees a closed channel.
    fed?;
    stored
}

async fn store(
    bucket: &Bucket,
    key: Path,
    limit_bytes: u64,
    mut chunks: mpsc::Receiver<Option<Bytes>>,
) -> Result<(Received, Incoming), ArtifactError> {
    let mut parts = Parts::new(bucket.clone(), key);
    let mut hash = Sha256::new();
    let mut size_bytes = 0_u64;
    while let Some(message) = chunks.recv().await {
        let Some(chunk) = message else {
            let incoming = parts.finish().await?;
            return Ok((Received::new(size_bytes, hash), incoming));
        };
        size_bytes = size_bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if size_bytes > limit_bytes {
            return Err(ArtifactError::TooLarge { limit_bytes });
        }
        hash.update(&chunk);
        parts.write(chunk).await?;
    }
    Err(ArtifactError::Body("it ended before its end".to_owned()))
}

/// Collects chunks into parts.
struct Parts {
    bucket: Bucket,
    key: Path,
    part: Vec<u8>,
    upload: Option<Box<Multipart>>,
}

impl Parts {
    fn new(bucket: Bucket, key: Path) -> Self {
        Self {
            bucket,
            key,
            part: Vec::new(),
            upload: None,
        }
    }

    /// A full part is sent once more than it has come: only then is it known not to be the last.
    async fn write(&mut self, mut chunk: Bytes) -> Result<(), ArtifactError> {
        loop {
            let room = PART_BYTES - self.part.len();
            if chunk.len() <= room {
                self.part.extend_from_slice(&chunk);
                return Ok(());
            }
            self.part.extend_from_slice(&chunk.split_to(room));
            self.send().await?;
        }
    }

    async fn send(&mut self) -> Result<(), ArtifactError> {
        let part = Bytes::from(std::mem::take(&mut self.part));
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(Box::new(
                Multipart::begin(self.bucket.clone(), self.key.clone()).await?,
            )),
        };
        upload.send(part).await
    }

    async fn finish(mut self) -> Result<Incoming, ArtifactError> {
        if self.upload.is_some() {
            self.send().await?;
        }
        let content = match self.upload {
            None => Content::Whole(Bytes::from(self.part)),
            Some(mut upload) => {
                upload.all_sent().await?;
                Content::Parts(upload)
            }
        };
        Ok(Incoming {
            bucket: self.bucket,
            key: self.key,
            content,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::PART_BYTES;
    use crate::Limits;

    #[test]
    fn as_many_parts_as_s3_allows_hold_the_largest_artifact() {
        let most_parts = Limits::default()
            .max_upload_bytes
            .div_ceil(PART_BYTES as u64);
        assert!(most_parts <= 10_000, "{most_parts}");
    }
}
