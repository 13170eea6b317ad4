//! What uploads may take together, and how many were turned away.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hokusai_core::clock::Clock;
use hokusai_store::{Store, artifact_digests};

use crate::error::{ApiError, ErrorKind};

/// The upload quota, and the count of refusals for want of space.
///
/// How much is stored is read from the database, which all replicas share, and what this process adds is counted in between: replicas
/// can together exceed the quota by what the others take in [`REFRESH_MS`].
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    quota_bytes: Option<u64>,
    seen: Mutex<Seen>,
    refused: AtomicU64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    stored_bytes: u64,
    /// Monotonic; none before the first look.
    at_ms: Option<u64>,
}

impl Uploads {
    pub(super) fn with_quota(quota_bytes: Option<u64>) -> Self {
        Self {
            quota_bytes,
            ..Self::default()
        }
    }

    /// Refuses an upload of so many bytes if they would exceed the quota; else they are counted.
    pub(crate) async fn take(
        &self,
        bytes: u64,
        store: &Store,
        clock: &dyn Clock,
    ) -> Result<(), ApiError> {
        self.ask(bytes, true, store, clock).await
    }

    /// Refuses what [`Uploads::take`] would refuse, before it is received.
    pub(crate) async fn room_for(
        &self,
        bytes: u64,
        store: &Store,
        clock: &dyn Clock,
    ) -> Result<(), ApiError> {
        self.ask(bytes, false, store, clock).await
    }

    /// The quota and what is stored, as far as is known.
    pub(super) fn quota(&self) -> Option<(u64, u64)> {
        let quota = self.quota_bytes?;
        Some((quota, self.seen().stored_bytes))
    }

    /// An upload was turned away for want of space.
    pub(crate) fn count_refusal(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// So many were.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    async fn ask(
        &self,
        bytes: u64,
        takes: bool,
        store: &Store,
        clock: &dyn Clock,
    ) -> Result<(), ApiError> {
        let Some(quota_bytes) = self.quota_bytes else {
            return Ok(());
        };
        let now_ms = clock.monotonic_ms();
        let is_old = |at_ms: u64| now_ms.saturating_sub(at_ms) > REFRESH_MS;
        if self.seen().at_ms.is_none_or(is_old) {
            let stored_bytes = store
                .read(|tx| artifact_digests::stored_bytes(tx).map_err(ApiError::from))
                .await?;
            *self.seen() = Seen {
                stored_bytes,
                at_ms: Some(now_ms),
            };
        }
        let mut seen = self.seen();
        let after = seen.stored_bytes.saturating_add(bytes);
        if after > quota_bytes {
            return Err(ApiError::new(
                ErrorKind::NoSpace,
                format!(
                    "the upload quota is used up: {} of {} MiB are stored, and {bytes} bytes do not fit: delete artifacts, or raise `upload-quota-mib`",
                    seen.stored_bytes >> 20,
                    quota_bytes >> 20
                ),
            ));
        }
        if takes {
            seen.stored_bytes = after;
        }
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sum over all uploads costs about 0.1 s a million; deletions are noticed this late.
const REFRESH_MS: u64 = 5_000;
