//! Uploads: streamed to `incoming/` on a thread of their own, hashed on the way, published by a rename.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use hokusai_core::artifact_path::ArtifactPath;
use rustix::fs::{AtFlags, OFlags, fsync, openat, renameat, unlinkat};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use crate::space::Space;
use crate::store::{Roots, blocking};
use crate::{ArtifactError, Limits, tree};

/// Chunks on their way from the connection to the disk: enough to keep both busy, few enough for 10 MB of memory.
const CHUNKS_IN_FLIGHT: usize = 64;
/// An upload that is complete and on disk, but not visible. Dropping it removes it.
#[derive(Debug)]
pub struct StagedUpload {
    size_bytes: u64,
    sha256: String,
    incoming: Incoming,
}

impl StagedUpload {
    /// Bytes received.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Makes the upload visible as `path`, replacing a file of that name; durable when this returns.
    pub async fn publish(self, path: &ArtifactPath) -> Result<(), ArtifactError> {
        let path = path.clone();
        let mut incoming = self.incoming;
        blocking(move || incoming.publish(&path)).await
    }
}

/// The name of a file in `incoming/`, removed on drop unless it was published.
#[derive(Debug)]
struct Incoming {
    roots: Arc<Roots>,
    name: String,
    is_published: bool,
}

impl Incoming {
    fn publish(&mut self, path: &ArtifactPath) -> Result<(), ArtifactError> {
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
) -> Result<StagedUpload, ArtifactError>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: std::fmt::Display,
{
    let (sender, chunks) = mpsc::channel(CHUNKS_IN_FLIGHT);
    let writer = tokio::task::spawn_blocking(move || write(roots, limits, name, chunks));
    let fed = feed(sender, limits, body).await;
    let written = writer
        .await
        .map_err(|panic| ArtifactError::Body(panic.to_string()))?;
    // The feeder fails on its own account only: when the writer stops, it merely sees a closed channel.
    fed?;
    written
}

/// Hands chunks to the writer. The end of the body is a message too, so that a broken body is never taken for a whole one.
async fn feed<S, E>(
    sender: mpsc::Sender<Option<Bytes>>,
    limits: Limits,
    body: S,
) -> Result<(), ArtifactError>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: std::fmt::Display,
{
    let mut body = std::pin::pin!(body);
    let patience = Duration::from_secs(limits.stall_seconds);
    let mut watch = std::pin::pin!(tokio::time::sleep(patience));
    let mut brought = 0_u64;
    loop {
        let next = tokio::select! {
            biased;
            next = body.next() => next,
            () = watch.as_mut() => {
                if brought < limits.stall_bytes {
                    let (bytes, seconds) = (limits.stall_bytes, limits.stall_seconds);
                    return Err(ArtifactError::Stalled { bytes, seconds });
                }
                brought = 0;
                let next = watch.deadline() + patience;
                watch.as_mut().reset(next);
                continue;
            }
        };
        let message = next
            .transpose()
            .map_err(|error| ArtifactError::Body(error.to_string()))?;
        let is_end = message.is_none();
        brought += message
            .as_ref()
            .map_or(0, |chunk| u64::try_from(chunk.len()).unwrap_or(0));
        if sender.send(message).await.is_err() || is_end {
            return Ok(());
        }
    }
}

fn write(
    roots: Arc<Roots>,
    limits: Limits,
    name: String,
    mut chunks: mpsc::Receiver<Option<Bytes>>,
) -> Result<StagedUpload, ArtifactError> {
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
            let sha256 = hexadecimal(&hash.finalize());
            return Ok(StagedUpload {
                size_bytes,
                sha256,
                incoming,
            });
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

/// Lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
