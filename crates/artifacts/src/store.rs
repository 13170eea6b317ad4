//! The store: a directory with `files/` and `incoming/`.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::Stream;
use hokusai_core::artifact_path::ArtifactPath;
use rustix::fs::{AtFlags, unlinkat};
use sha2::{Digest as _, Sha256};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::durable::DurableNames;
use crate::upload::{StagedUpload, hexadecimal, receive};
use crate::{ArtifactError, ArtifactsLocation, ByteRange, Download, Limits, Space, durable, tree};

/// A store of artifacts; cheap to clone.
#[derive(Clone, Debug)]
pub struct Artifacts {
    roots: Arc<Roots>,
    limits: Limits,
    /// Held shared while a file changes, alone while a version's manifest is recorded, so that neither misses the other.
    changes: Arc<RwLock<()>>,
    /// Begins at the start's time so that two processes on one directory don't meet.
    next_upload: Arc<AtomicU64>,
}

/// Handles of the two directories, and what is known of those below.
#[derive(Debug)]
pub(crate) struct Roots {
    pub(crate) files: OwnedFd,
    pub(crate) incoming: OwnedFd,
    pub(crate) names: DurableNames,
}

/// Opens a directory, made with mode 0700 if it is missing.
fn private_directory(path: &Path) -> Result<OwnedFd, ArtifactError> {
    durable::make_directory(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    Ok(File::open(path)?.into())
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

/// Strays in `incoming/` older than this are removed at start; a younger one may be another process's upload.
const STRAY_AGE: Duration = Duration::from_hours(24);

/// Most files that one version may have; beyond it a manifest would not fit a transaction.
const MAX_FOUND_FILES: usize = 100_000;

impl Artifacts {
    /// Opens the store, creating its directories (mode 0700) where they are missing. A directory that can't be written
    /// to is found out here, not at the first upload. `now` names uploads and ages strays.
    pub fn open(
        location: &ArtifactsLocation,
        limits: Limits,
        now: SystemTime,
    ) -> Result<Self, ArtifactError> {
        let roots = Roots {
            files: private_directory(&location.path().join("files"))?,
            incoming: private_directory(&location.path().join("incoming"))?,
            names: DurableNames::default(),
        };
        remove_strays(&roots, now)?;
        let since_epoch = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let first = u64::try_from(since_epoch.as_nanos()).unwrap_or(0);
        let store = Self {
            roots: Arc::new(roots),
            limits,
            changes: Arc::default(),
            next_upload: Arc::new(AtomicU64::new(first)),
        };
        store.probe()?;
        Ok(store)
    }

    /// Writes and removes an empty file: whether uploads would work now.
    pub fn probe(&self) -> Result<(), ArtifactError> {
        use rustix::fs::{OFlags, openat};
        let name = self.upload_name();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        openat(&self.roots.incoming, name.as_str(), flags, tree::FILE_MODE)?;
        Ok(unlinkat(
            &self.roots.incoming,
            name.as_str(),
            AtFlags::empty(),
        )?)
    }

    /// How much room there is; `None` where the file system doesn't say.
    pub fn space(&self) -> Option<Space> {
        Space::of(&self.roots.incoming, self.limits).ok()
    }

    /// Receives a body to disk, hashed and fsynced but not visible: [`StagedUpload::publish`] makes it so.
    pub async fn receive<S, E>(&self, body: S) -> Result<StagedUpload, ArtifactError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: std::fmt::Display,
    {
        receive(
            Arc::clone(&self.roots),
            self.limits,
            self.upload_name(),
            body,
        )
        .await
    }

    /// Opens a file for sending, whole or one range of it.
    pub async fn download(
        &self,
        path: &ArtifactPath,
        range: Option<ByteRange>,
    ) -> Result<Download, ArtifactError> {
        self.blocking(path, move |roots, path| {
            let (file, size_bytes) = tree::open_file(roots, path)?;
            Download::new(file.into(), size_bytes, range)?.seek()
        })
        .await
    }

    /// The names in a directory, sorted. A file or a missing directory has none.
    pub async fn list(&self, path: Option<&ArtifactPath>) -> Result<Vec<Entry>, ArtifactError> {
        let roots = Arc::clone(&self.roots);
        let path = path.cloned();
        let listed = blocking(move || {
            let directory = tree::descend(roots.files.as_fd(), path.as_ref())?;
            let names = tree::names(directory.as_fd())?;
            let entry = |name: tree::Name| -> Result<Entry, ArtifactError> {
                let size_bytes = if name.is_dir {
                    None
                } else {
                    Some(tree::size(directory.as_fd(), &name.name)?)
                };
                Ok(Entry {
                    name: name.name,
                    size_bytes,
                })
            };
            names.into_iter().map(entry).collect()
        })
        .await;
        match listed {
            Err(ArtifactError::NotFound | ArtifactError::NotADirectory) => Ok(Vec::new()),
            other => other,
        }
    }

    /// All files below a directory (or the one file), sorted by path. A missing path has none.
    pub async fn find(&self, path: &ArtifactPath) -> Result<Vec<FoundFile>, ArtifactError> {
        let found = self
            .blocking(path, |roots, path| {
                match tree::open_file(roots, path) {
                    Ok((_, size_bytes)) => {
                        return Ok(vec![FoundFile {
                            path: path.file_name().to_owned(),
                            size_bytes,
                        }]);
                    }
                    Err(ArtifactError::IsDirectory) => {}
                    Err(other) => return Err(other),
                }
                let directory = tree::descend(roots, Some(path))?;
                let mut found = Vec::new();
                collect(directory.as_fd(), "", &mut found)?;
                Ok(found)
            })
            .await;
        match found {
            Err(ArtifactError::NotFound | ArtifactError::NotADirectory) => Ok(Vec::new()),
            other => other,
        }
    }

    /// SHA-256 of a file as it is on disk now, lower-case hexadecimal.
    pub async fn digest(&self, path: &ArtifactPath) -> Result<String, ArtifactError> {
        self.blocking(path, |roots, path| {
            let (file, _) = tree::open_file(roots, path)?;
            let mut file = File::from(file);
            let mut hash = Sha256::new();
            let mut buffer = vec![0; 1 << 20];
            loop {
                let count = file.read(&mut buffer)?;
                let Some(chunk) = buffer.get(..count).filter(|chunk| !chunk.is_empty()) else {
                    return Ok(hexadecimal(&hash.finalize()));
                };
                hash.update(chunk);
            }
        })
        .await
    }

    /// Removes a file, or a directory with all that is in it.
    pub async fn delete(&self, path: &ArtifactPath) -> Result<(), ArtifactError> {
        self.blocking(path, |roots, path| {
            let parent = tree::descend_to_parent(roots, path)?;
            let removed = tree::remove(parent.as_fd(), path.file_name());
            // Also when it is gone already: whoever removed it may still be waiting for the disk.
            rustix::fs::fsync(&parent)?;
            removed
        })
        .await
    }

    /// To be held from the check that a path may change until it has changed. Many may hold it.
    pub async fn changing(&self) -> RwLockReadGuard<'_, ()> {
        self.changes.read().await
    }

    /// To be held from reading a tree until it is recorded as immutable. Waits for all changes under way.
    pub async fn freezing(&self) -> RwLockWriteGuard<'_, ()> {
        self.changes.write().await
    }

    fn upload_name(&self) -> String {
        format!("{:016x}", self.next_upload.fetch_add(1, Ordering::Relaxed))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        path: &ArtifactPath,
        work: impl FnOnce(BorrowedFd<'_>, &ArtifactPath) -> Result<T, ArtifactError> + Send + 'static,
    ) -> Result<T, ArtifactError> {
        let roots = Arc::clone(&self.roots);
        let path = path.clone();
        blocking(move || work(roots.files.as_fd(), &path)).await
    }
}

/// Runs work that may block on a thread that may.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ArtifactError> + Send + 'static,
) -> Result<T, ArtifactError> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.map_err(|panic| ArtifactError::Io(std::io::Error::other(panic)))?
}

fn collect(
    directory: BorrowedFd<'_>,
    prefix: &str,
    found: &mut Vec<FoundFile>,
) -> Result<(), ArtifactError> {
    for name in tree::names(directory)? {
        let path = if prefix.is_empty() {
            name.name.clone()
        } else {
            format!("{prefix}/{}", name.name)
        };
        if name.is_dir {
            let inner = tree::open_directory(directory, &name.name)?;
            collect(inner.as_fd(), &path, found)?;
        } else {
            if found.len() >= MAX_FOUND_FILES {
                let reason = format!("more than {MAX_FOUND_FILES} files below one directory");
                return Err(ArtifactError::Io(std::io::Error::other(reason)));
            }
            let size_bytes = tree::size(directory, &name.name)?;
            found.push(FoundFile { path, size_bytes });
        }
    }
    Ok(())
}

fn remove_strays(roots: &Roots, now: SystemTime) -> Result<(), ArtifactError> {
    for name in tree::names(roots.incoming.as_fd())? {
        let stat = rustix::fs::statat(
            &roots.incoming,
            name.name.as_str(),
            AtFlags::SYMLINK_NOFOLLOW,
        )?;
        let written = Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or(0));
        let age = now
            .duration_since(SystemTime::UNIX_EPOCH + written)
            .unwrap_or_default();
        if age > STRAY_AGE {
            tree::remove(roots.incoming.as_fd(), &name.name)?;
        }
    }
    Ok(())
}
