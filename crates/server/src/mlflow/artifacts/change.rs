//! A change of an artifact, noted in the database where other replicas share it: files are in no transaction.

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::random::hex_id;
use hokusai_store::{Tx, artifact_changes};

use super::authority::{check, may_change};
use crate::error::ApiError;
use crate::registry::RegistryState;

/// A change that may be made now. It is noted only where others could make a version meanwhile; within one process
/// [`hokusai_artifacts::Artifacts::changing`] is enough.
#[derive(Clone, Debug)]
pub(super) struct Change(Option<String>);

impl Change {
    /// Asks whether a path may change, and says that it does.
    pub(super) async fn begin(
        state: &RegistryState,
        path: &ArtifactPath,
    ) -> Result<Self, ApiError> {
        if !state.store.is_shared() {
            may_change(state, path).await?;
            return Ok(Self(None));
        }
        let change = Self(Some(hex_id(state.random.as_ref())));
        let (noted, path, now_ms) = (change.clone(), path.clone(), state.clock.now_ms());
        state
            .store
            .write(move |tx| noted.note(tx, &path, now_ms))
            .await?;
        Ok(change)
    }

    fn note(&self, tx: &mut dyn Tx, path: &ArtifactPath, now_ms: i64) -> Result<(), ApiError> {
        artifact_changes::take_fence(tx)?;
        check(tx, path)?;
        if let Some(id) = &self.0 {
            artifact_changes::note(tx, id, path, now_ms, now_ms + LEASE_MS)?;
        }
        Ok(())
    }

    /// It was made, and nothing else is to be written.
    pub(super) async fn made(self, state: &RegistryState) -> Result<(), ApiError> {
        if self.0.is_none() {
            return Ok(());
        }
        state.store.write(move |tx| self.end(tx)).await
    }

    /// It was made.
    pub(super) fn end(&self, tx: &mut dyn Tx) -> Result<(), ApiError> {
        if let Some(id) = &self.0 {
            artifact_changes::end(tx, id)?;
        }
        Ok(())
    }

    /// It failed: what was sent may still arrive for a while.
    pub(super) async fn fail(self, state: &RegistryState) {
        let Some(id) = self.0 else { return };
        let until_ms = state.clock.now_ms() + STRAGGLERS_MS;
        let noted = state
            .store
            .write(move |tx| artifact_changes::shorten(tx, &id, until_ms).map_err(ApiError::from))
            .await;
        if let Err(error) = noted {
            tracing::warn!(
                error = error.message(),
                "a change that failed stays noted for some minutes"
            );
        }
    }
}

/// More than the requests of one change may take together; a replica that ends in the middle of one holds up versions of that
/// path for so long.
const LEASE_MS: i64 = 5 * 60 * 1000;
/// More than a store takes for a request that it has received.
const STRAGGLERS_MS: i64 = 5 * 1000;
