//! A bucket that is restored: objects can't be moved, so they are put where they belong, below a note that keeps servers from
//! the bucket until the databases are in place too.

use std::sync::Arc;

use hokusai_artifacts::{ArtifactError, Artifacts, ArtifactsLocation, Limits};
use tokio::runtime::Runtime;

use super::not_empty;
use crate::commands::restore::unfinished;
use crate::system::SystemClock;

/// A bucket whose prefix was empty; it is emptied again if this is dropped.
pub(super) struct ClaimedBucket {
    store: Artifacts,
    runtime: Arc<Runtime>,
    is_kept: bool,
}

impl ClaimedBucket {
    /// Claims the place, which must be empty.
    pub(super) fn begin(
        location: &ArtifactsLocation,
        runtime: Arc<Runtime>,
    ) -> anyhow::Result<Self> {
        let now = SystemClock::start().system_time();
        let store = runtime.block_on(async {
            let store = Artifacts::open(location, Limits::default(), now).await?;
            if store.is_claimed_for_restore().await? {
                return Err(unfinished(location));
            }
            if !store.list(None).await?.is_empty() {
                return Err(not_empty(&location.to_string()));
            }
            store.claim_for_restore().await?;
            Ok(store)
        })?;
        Ok(Self {
            store,
            runtime,
            is_kept: false,
        })
    }

    pub(super) fn store(&self) -> &Artifacts {
        &self.store
    }

    /// The databases are in place too.
    pub(super) fn keep(mut self) -> anyhow::Result<()> {
        self.is_kept = true;
        Ok(self.runtime.block_on(self.store.release_from_restore())?)
    }
}

impl Drop for ClaimedBucket {
    fn drop(&mut self) {
        if !self.is_kept && self.runtime.block_on(empty(&self.store)).is_err() {
            eprintln!("what was restored into the bucket is still there: empty its prefix");
        }
    }
}

async fn empty(store: &Artifacts) -> Result<(), ArtifactError> {
    store.settle().await;
    for entry in store.list(None).await? {
        if let Ok(path) = entry.name.parse() {
            store.delete(&path).await?;
        }
    }
    store.release_from_restore().await
}
