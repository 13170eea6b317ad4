//! Opens what the services need.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use hokusai_artifacts::{ArtifactError, Artifacts};
use hokusai_core::clock::Clock;
use hokusai_store::statement::Schema;
use hokusai_store::{Store, StoreOptions};

use crate::commands::restore;
use crate::config::Config;

pub(super) async fn open_artifacts(
    config: &Config,
    clock: &dyn Clock,
) -> anyhow::Result<Artifacts> {
    let location = &config.storage.artifacts;
    let since_epoch = Duration::from_millis(u64::try_from(clock.now_ms()).unwrap_or(0));
    let now = SystemTime::UNIX_EPOCH + since_epoch;
    restore::refuse_unfinished(location)?;
    let unusable = || format!("the artifact store in `{location}` cannot be used");
    let opened = Artifacts::open(location, config.storage.limits, now).await;
    let artifacts = opened.with_context(unusable)?;
    match artifacts.is_claimed_for_restore().await {
        Ok(true) => Err(restore::unfinished(location)).with_context(unusable),
        // It may come later; that was logged.
        Ok(false) | Err(ArtifactError::Unavailable(_)) => Ok(artifacts),
        Err(other) => Err(other).with_context(unusable),
    }
}

pub(super) async fn open(config: &Config, schema: Schema) -> anyhow::Result<Store> {
    let options = StoreOptions::new(config.storage.location.clone(), schema);
    // Opening blocks, and the PostgreSQL client must not even be dropped inside a task.
    Ok(tokio::task::spawn_blocking(move || Store::open(&options)).await??)
}
