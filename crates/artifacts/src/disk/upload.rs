//! Uploads: streamed to `incoming/` on a thread of their own, hashed on the way, published by a rename.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use hokusai_core::artifact_path::ArtifactPath;
use rustix::fs::{AtFlags, OFlags, fsync, openat, renameat, unlinkat};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::{Roots, blocking, tree};
use crate::feed::{self, CHUNKS_IN_FLIGHT};
use crate::space::Space;
use crate::staged::Received;
use crate::{ArtifactError, Limits};

/// A file in `incoming/`, whole and on disk; removed on drop unless it was published.
#[derive(Debug)]
pub(crate) struct Incoming {
    roots: Arc<Roots>,
    name: String,
    is_published: bool,
}

impl Incoming {
    /// Makes it visible as `path`; durable when this returns.
    pub(crate) async fn publish(mut self, path: &ArtifactPath) -> Result<(), ArtifactError> {
        let path = path.clone();
        blocking(move || self.rename(&path)).await
    }

    fn rename(&mut self, path: &ArtifactPath) -> Result<(), ArtifactError> {
        let parent = tree::make_parent(self.roots.files.as_fd(), path, &self.roots.names)?;
        renameat(
            &self.roots.incoming,
            self.name.as_str(),
            &parent,
            path.file_name(),
        )?;
        self.is_published = true;
        Ok(fsync(&parent)?)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.is_published {
            // A stray that can't be removed now goes at the next start.
            let _ = unlinkat(&self.roots.incoming, self.name.as_str(), AtFlags::empty());
        }
    }
}

/// Receives a body. `name` is unique in this store.
pub(crate) async fn receive<S, E>(
    roots: Arc<Roots>,
    limits: Limits,
    name: String,
    body: S,
) -> Result<(Received, Incoming), ArtifactError>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: std::fmt::Display,
{
    let (sender, chunks) = mpsc::channel(CHUNKS_IN_FLIGHT);
    let writer = tokio::task::spawn_blocking(move || write(roots, limits, name, chunks));
    let fed = feed::feed(sender, limits, body).await;
    let written = writer
        .await
        .map_err(|panic| ArtifactError::Body(panic.to_string()))?;
    // The feeder fails on its own account only: when the writer stops, it merely sees a closed channel.
    fed?;
    written
}

fn write(
    roots: Arc<Roots>,
    limits: Limits,
    name: String,
    mut chunks: mpsc::Receiver<Option<Bytes>>,
) -> Result<(Received, Incoming), ArtifactError> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(openat(
        &roots.incoming,
        name.as_str(),
        flags,
        tree::FILE_MODE,
    )?);
    let incoming = Incoming {
        roots,
        name,
        is_published: false,
    };
    let mut hash = Sha256::new();
    let mut size_bytes = 0_u64;
    while let Some(message) = chunks.blocking_recv() {
        let Some(chunk) = message else {
            file.sync_all()?;
            return Ok((Received::new(size_bytes, hash), incoming));
        };
        let coming = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        // Before every chunk: uploads at the same time can take no more of the floor than a chunk each.
        Space::of(&incoming.roots.incoming, limits)?.room_for(coming)?;
        size_bytes += coming;
        if size_bytes > limits.max_upload_bytes {
            return Err(ArtifactError::TooLarge {
                limit_bytes: limits.max_upload_bytes,
            });
        }
        hash.update(&chunk);
        file.write_all(&chunk)?;
    }
    Err(ArtifactError::Body("it ended before its end".to_owned()))
}
