//! Artifacts in a directory on local disk: `files/` is what clients see, `incoming/` is what is being uploaded.
//!
//! Every step down is an `openat` that refuses symlinks, so that not even somebody who can write to the disk makes us
//! leave the root.

pub(crate) mod tree;
mod upload;

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

pub(crate) use self::upload::Incoming;
use crate::durable::DurableNames;
use crate::staged::{Received, hexadecimal};
use crate::store::{MAX_FOUND_FILES, STRAY_AGE, too_many_files};
use crate::{ArtifactError, ByteRange, Download, Entry, FoundFile, Limits, Space, durable};

/// A store in a directory; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    roots: Arc<Roots>,
    limits: Limits,
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

impl Directory {
    /// Opens the store, creating its directories (mode 0700) where they are missing. A directory that can't be written
    /// to is found out here, not at the first upload. `now` names uploads and ages strays.
    pub(crate) fn open(
        path: &Path,
        limits: Limits,
        now: SystemTime,
    ) -> Result<Self, ArtifactError> {
        let roots = Roots {
            files: private_directory(&path.join("files"))?,
            incoming: private_directory(&path.join("incoming"))?,
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
            next_upload: Arc::new(AtomicU64::new(first)),
        };
        store.probe()?;
        Ok(store)
    }

    /// Writes and removes an empty file: whether uploads would work now.
    pub(crate) fn probe(&self) -> Result<(), ArtifactError> {
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
    pub(crate) fn space(&self) -> Option<Space> {
        Space::of(&self.roots.incoming, self.limits).ok()
    }

    /// Receives a body to disk, hashed and fsynced but not visible.
    pub(crate) async fn receive<S, E>(&self, body: S) -> Result<(Received, Incoming), ArtifactError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: std::fmt::Display,
    {
        let (roots, name) = (Arc::clone(&self.roots), self.upload_name());
        upload::receive(roots, self.limits, name, body).await
    }

    /// Opens a file for sending, whole or one range of it.
    pub(crate) async fn download(
        &self,
        path: &ArtifactPath,
        range: Option<ByteRange>,
    ) -> Result<Download, ArtifactError> {
        self.blocking(path, move |roots, path| {
            let (file, size_bytes) = tree::open_file(roots, path)?;
            Download::of_file(file.into(), size_bytes, range)
        })
        .await
    }

    /// The names in a directory, sorted. A file or a missing directory has none.
    pub(crate) async fn list(
        &self,
        path: Option<&ArtifactPath>,
    ) -> Result<Vec<Entry>, ArtifactError> {
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
    pub(crate) async fn find(&self, path: &ArtifactPath) -> Result<Vec<FoundFile>, ArtifactError> {
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
    pub(crate) async fn digest(&self, path: &ArtifactPath) -> Result<String, ArtifactError> {
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
    pub(crate) async fn delete(&self, path: &ArtifactPath) -> Result<(), ArtifactError> {
        self.blocking(path, |roots, path| {
            let parent = tree::descend_to_parent(roots, path)?;
            let removed = tree::remove(parent.as_fd(), path.file_name());
            // Also when it is gone already: whoever removed it may still be waiting for the disk.
            rustix::fs::fsync(&parent)?;
            removed
        })
        .await
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
                return Err(too_many_files());
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
