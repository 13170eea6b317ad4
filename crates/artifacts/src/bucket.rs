//! Artifacts in a bucket of S3, or of a store that speaks its language.
//!
//! A file is the object `<prefix>/files/<path>`, its key exactly the path. An upload becomes visible by the request that
//! completes it; `incoming/` notes the multipart uploads under way, so that what a crash leaves can be aborted.
//!
//! A bucket has no directories: they are what keys have in common. A path is looked at before it is published, so that no
//! name is a file and a directory at once, as on a disk.

mod connect;
mod fault;
mod location;
mod multipart;
mod reading;
mod strays;
mod upload;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use hokusai_core::artifact_path::ArtifactPath;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutPayload};
use tokio::sync::RwLock;

pub use self::location::{AwsEnvironment, BucketLocation, Endpoint};
pub(crate) use self::upload::Incoming;
use crate::staged::Received;
use crate::{ArtifactError, Limits};

/// A store in a bucket; cheap to clone.
#[derive(Clone)]
pub(crate) struct Bucket {
    inner: Arc<Inner>,
}

struct Inner {
    store: AmazonS3,
    /// Empty, or segments that end with `/`.
    prefix: String,
    limits: Limits,
    shown: String,
    /// Held shared by whoever aborts an upload behind its back.
    aborting: Arc<RwLock<()>>,
}

impl Bucket {
    /// Connects, tries to write, and aborts what crashes left behind. A store that does not answer now is no error.
    pub(crate) async fn open(
        location: &BucketLocation,
        limits: Limits,
        now: SystemTime,
    ) -> Result<Self, ArtifactError> {
        let bucket = Self {
            inner: Arc::new(Inner {
                store: connect::connect(location)?,
                prefix: location.key_prefix(),
                limits,
                shown: location.to_string(),
                aborting: Arc::default(),
            }),
        };
        let tried = async {
            bucket.probe().await?;
            strays::remove(&bucket, now).await
        };
        match tried.await {
            Err(ArtifactError::Unavailable(reason)) => {
                tracing::warn!(
                    error = %reason,
                    "the object store `{}` does not answer yet; until it does, artifacts are answered with 503",
                    bucket.inner.shown
                );
                Ok(bucket)
            }
            other => other.map(|()| bucket),
        }
    }

    /// Writes and removes an empty object: whether uploads would work now.
    async fn probe(&self) -> Result<(), ArtifactError> {
        let key = self.incoming_key("probe")?;
        let written = self.inner.store.put(&key, PutPayload::new()).await;
        written.map_err(fault::of_write)?;
        let removed = self.inner.store.delete(&key).await;
        removed.map_err(fault::of_write)
    }

    /// Receives a body: in one piece while it is small, and else as parts of an upload that is not completed yet.
    pub(crate) async fn receive<S, E>(
        &self,
        path: &ArtifactPath,
        body: S,
    ) -> Result<(Received, Incoming), ArtifactError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: fmt::Display,
    {
        upload::receive(self, self.file_key(path)?, body).await
    }

    /// Removes a file, or a directory with all that is in it: many requests, so that a failure can leave a part of it.
    pub(crate) async fn delete(&self, path: &ArtifactPath) -> Result<(), ArtifactError> {
        let key = self.file_key(path)?;
        let own = match self.inner.store.head(&key).await {
            Ok(_) => Some(Ok(key.clone())),
            Err(object_store::Error::NotFound { .. }) => None,
            Err(other) => return Err(fault::of_read(other)),
        };
        let below = self.inner.store.list(Some(&key));
        let keys = stream::iter(own).chain(below.map_ok(|found| found.location));
        let mut removed = self.inner.store.delete_stream(keys.boxed());
        let mut count = 0_usize;
        while let Some(key) = removed.next().await {
            match key {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => count += 1,
                Err(other) => return Err(fault::of_write(other)),
            }
        }
        if count == 0 {
            return Err(ArtifactError::NotFound);
        }
        Ok(())
    }

    /// Waits for uploads that broke off to be aborted.
    pub(crate) async fn settle(&self) {
        drop(self.inner.aborting.write().await);
    }

    /// Notes that a restore has begun, until it is [`released`](Self::release).
    pub(crate) async fn claim(&self) -> Result<(), ArtifactError> {
        let key = self.restoring_key()?;
        let put = self.store().put(&key, PutPayload::new()).await;
        put.map(drop).map_err(fault::of_write)
    }

    /// Whether a restore has begun and not ended.
    pub(crate) async fn is_claimed(&self) -> Result<bool, ArtifactError> {
        match self.store().head(&self.restoring_key()?).await {
            Ok(_) => Ok(true),
            Err(error) => match fault::of_read(error) {
                ArtifactError::NotFound => Ok(false),
                other => Err(other),
            },
        }
    }

    /// The restore has ended.
    pub(crate) async fn release(&self) -> Result<(), ArtifactError> {
        let removed = self.store().delete(&self.restoring_key()?).await;
        removed.map_err(fault::of_write)
    }

    fn store(&self) -> &AmazonS3 {
        &self.inner.store
    }

    /// The key of what clients call `path`.
    fn file_key(&self, path: &ArtifactPath) -> Result<Path, ArtifactError> {
        self.key("files/", path.as_str())
    }

    /// The key of something that clients don't see.
    fn incoming_key(&self, name: &str) -> Result<Path, ArtifactError> {
        self.key("incoming/", name)
    }

    fn restoring_key(&self) -> Result<Path, ArtifactError> {
        self.key("", "restoring")
    }

    fn key(&self, folder: &str, name: &str) -> Result<Path, ArtifactError> {
        let key = format!("{}{folder}{name}", self.inner.prefix);
        if key.len() > MAX_KEY_BYTES {
            return Err(ArtifactError::PathTooLong {
                limit_bytes: MAX_KEY_BYTES,
            });
        }
        Path::parse(key).map_err(|error| ArtifactError::Refused(error.to_string()))
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.inner.shown).finish()
    }
}

/// S3's limit of a key.
const MAX_KEY_BYTES: usize = 1024;
