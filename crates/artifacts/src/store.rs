//! The store: a directory or a bucket, with one face.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::Stream;
use hokusai_core::artifact_path::ArtifactPath;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::bucket::Bucket;
use crate::disk::{self, Directory};
use crate::staged::Incoming;
use crate::{ArtifactError, ArtifactsLocation, ByteRange, Download, Limits, Space, StagedUpload};

/// A store of artifacts; cheap to clone.
#[derive(Clone, Debug)]
pub struct Artifacts {
    place: Place,
    /// Held shared while a file changes, alone while a version's manifest is recorded, so that neither misses the other.
    changes: Arc<RwLock<()>>,
}

/// The two kinds of places. What both must do alike is in `tests/it/both.rs`.
#[derive(Clone, Debug)]
enum Place {
    Directory(Directory),
    Bucket(Bucket),
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The last segment.
    pub name: String,
    /// Size in bytes; `None` for a directory.
    pub size_bytes: Option<u64>,
}

/// One file found below a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Relative to the directory; the file's own name when the search began at a file.
    pub path: String,
    /// Size in bytes.
    pub size_bytes: u64,
}

impl Artifacts {
    /// Opens the store. A directory that can't be written to, or a bucket that refuses us, is found out here and not at the
    /// first upload; a bucket that does not answer may do so later: that is logged. `now` names uploads and ages strays.
    pub async fn open(
        location: &ArtifactsLocation,
        limits: Limits,
        now: SystemTime,
    ) -> Result<Self, ArtifactError> {
        match location {
            ArtifactsLocation::Directory(path) => {
                let path = path.clone();
                disk::blocking(move || Self::open_directory(&path, limits, now)).await
            }
            ArtifactsLocation::Bucket(location) => {
                let bucket = Bucket::open(location, limits, now).await?;
                Ok(Self::at(Place::Bucket(bucket)))
            }
        }
    }

    /// Opens a store in a directory, created with mode 0700 if it is missing. Blocks.
    pub fn open_directory(
        path: &Path,
        limits: Limits,
        now: SystemTime,
    ) -> Result<Self, ArtifactError> {
        Ok(Self::at(Place::Directory(Directory::open(
            path, limits, now,
        )?)))
    }

    fn at(place: Place) -> Self {
        Self {
            place,
            changes: Arc::default(),
        }
    }

    /// How much room there is; `None` where the file system doesn't say, and in a bucket, which has no end.
    pub fn space(&self) -> Option<Space> {
        match &self.place {
            Place::Directory(directory) => directory.space(),
            Place::Bucket(_) => None,
        }
    }

    /// Receives the body of a file, hashed on the way and stored but not visible: [`StagedUpload::publish`] makes it so.
    pub async fn receive<S, E>(
        &self,
        path: &ArtifactPath,
        body: S,
    ) -> Result<StagedUpload, ArtifactError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: std::fmt::Display,
    {
        let (received, incoming) = match &self.place {
            Place::Directory(directory) => {
                let (received, file) = directory.receive(body).await?;
                (received, Incoming::File(file))
            }
            Place::Bucket(bucket) => {
                let (received, object) = bucket.receive(path, body).await?;
                (received, Incoming::Object(object))
            }
        };
        Ok(StagedUpload::new(path, received, incoming))
    }

    /// Opens a file for sending, whole or one range of it.
    pub async fn download(
        &self,
        path: &ArtifactPath,
        range: Option<ByteRange>,
    ) -> Result<Download, ArtifactError> {
        match &self.place {
            Place::Directory(directory) => directory.download(path, range).await,
            Place::Bucket(bucket) => bucket.download(path, range).await,
        }
    }

    /// The names in a directory, sorted. A file or a missing directory has none.
    pub async fn list(&self, path: Option<&ArtifactPath>) -> Result<Vec<Entry>, ArtifactError> {
        match &self.place {
            Place::Directory(directory) => directory.list(path).await,
            Place::Bucket(bucket) => bucket.list(path).await,
        }
    }

    /// All files below a directory (or the one file), sorted by path. A missing path has none.
    pub async fn find(&self, path: &ArtifactPath) -> Result<Vec<FoundFile>, ArtifactError> {
        match &self.place {
            Place::Directory(directory) => directory.find(path).await,
            Place::Bucket(bucket) => bucket.find(path).await,
        }
    }

    /// SHA-256 of a file as it is stored now, lower-case hexadecimal.
    pub async fn digest(&self, path: &ArtifactPath) -> Result<String, ArtifactError> {
        match &self.place {
            Place::Directory(directory) => directory.digest(path).await,
            Place::Bucket(bucket) => bucket.digest(path).await,
        }
    }

    /// Removes a file, or a directory with all that is in it.
    pub async fn delete(&self, path: &ArtifactPath) -> Result<(), ArtifactError> {
        match &self.place {
            Place::Directory(directory) => directory.delete(path).await,
            Place::Bucket(bucket) => bucket.delete(path).await,
        }
    }

    /// Waits until what broken uploads left is removed: a process that ends before leaves it to a later start.
    pub async fn settle(&self) {
        match &self.place {
            Place::Directory(_) => {}
            Place::Bucket(bucket) => bucket.settle().await,
        }
    }

    /// Notes in a bucket that a restore into it has begun: its objects show one by one. A directory is restored beside its
    /// place and needs no note.
    pub async fn claim_for_restore(&self) -> Result<(), ArtifactError> {
        match &self.place {
            Place::Directory(_) => Ok(()),
            Place::Bucket(bucket) => bucket.claim().await,
        }
    }

    /// Whether a restore into a bucket is under way, or was broken off.
    pub async fn is_claimed_for_restore(&self) -> Result<bool, ArtifactError> {
        match &self.place {
            Place::Directory(_) => Ok(false),
            Place::Bucket(bucket) => bucket.is_claimed().await,
        }
    }

    /// The restore has ended.
    pub async fn release_from_restore(&self) -> Result<(), ArtifactError> {
        match &self.place {
            Place::Directory(_) => Ok(()),
            Place::Bucket(bucket) => bucket.release().await,
        }
    }

    /// To be held from the check that a path may change until it has changed. Many may hold it.
    pub async fn changing(&self) -> RwLockReadGuard<'_, ()> {
        self.changes.read().await
    }

    /// To be held from reading a tree until it is recorded as immutable. Waits for all changes under way.
    pub async fn freezing(&self) -> RwLockWriteGuard<'_, ()> {
        self.changes.write().await
    }
}

/// What an upload that was never finished leaves is removed at a start once it is older than this; a younger one may be
/// another process's upload.
pub(crate) const STRAY_AGE: Duration = Duration::from_hours(24);

/// Most files that one version may have; beyond it a manifest would not fit a transaction.
pub(crate) const MAX_FOUND_FILES: usize = 100_000;

pub(crate) fn too_many_files() -> ArtifactError {
    let reason = format!("more than {MAX_FOUND_FILES} files below one directory");
    ArtifactError::Io(std::io::Error::other(reason))
}
