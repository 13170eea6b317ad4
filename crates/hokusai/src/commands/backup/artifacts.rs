//! The artifacts of a backup: every file that the copied registry names, hashed on the way.

use anyhow::Context as _;
use futures_util::StreamExt as _;
use hokusai_artifacts::{ArtifactError, Artifacts, Limits};
use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::model::ManifestEntry;
use hokusai_store::artifact_digests::{self, Frozen};
use hokusai_store::backup::Snapshot;
use hokusai_store::statement::Schema;
use indicatif::ProgressBar;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::pin::pin;

use super::databases::Databases;
use super::folder::Folder;
use super::manifest::{ARTIFACTS, CopiedFile, Damage};
use crate::commands::digest::Running;
use crate::config::Config;
use crate::system::SystemClock;

/// What was copied.
#[derive(Default)]
pub(in crate::commands) struct Collected {
    /// By the artifact's path.
    pub(super) files: BTreeMap<String, CopiedFile>,
    /// Replaced since the databases were copied.
    pub(super) changed: BTreeSet<String>,
    /// Deleted since.
    pub(super) gone: BTreeSet<String>,
    /// Versions that were deleted since, and files of theirs with them.
    pub(super) deleted_versions: BTreeSet<(i64, i64)>,
    /// Files of model versions that are not as recorded.
    pub(super) damaged: Vec<Damage>,
}

/// Copies what the databases name, and judges it by them.
pub(super) fn copy(
    config: &Config,
    databases: &Databases,
    folder: &Folder,
    bar: &ProgressBar,
) -> anyhow::Result<Collected> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let now = SystemClock::start().system_time();
    let store = runtime
        .block_on(Artifacts::open(
            &config.storage.artifacts,
            Limits::default(),
            now,
        ))
        .context("the artifact store cannot be read")?;
    let mut collected = Collected::default();
    let sizes = databases.uploads.iter().map(|entry| entry.size_bytes);
    bar.inc_length(sizes.sum());
    bar.set_message("artifacts");
    let mut faulty = Vec::new();
    for frozen in &databases.frozen {
        let path = &frozen.file.path;
        let found = runtime.block_on(fetch(&store, folder, &mut collected, path, bar))?;
        if let Some(reason) = fault(&frozen.file, found.as_ref()) {
            faulty.push((frozen, reason));
        }
    }
    for entry in &databases.uploads {
        let found = runtime.block_on(fetch(&store, folder, &mut collected, &entry.path, bar))?;
        if fault(entry, found.as_ref()).is_some() {
            let moved = match found {
                None => &mut collected.gone,
                Some(_) => &mut collected.changed,
            };
            moved.insert(entry.path.clone());
        }
    }
    if !faulty.is_empty() {
        judge(config, faulty, &mut collected)?;
    }
    Ok(collected)
}

/// Files of a version may go when the version goes: whether that happened since, the databases of now tell.
fn judge(
    config: &Config,
    faulty: Vec<(&Frozen, String)>,
    collected: &mut Collected,
) -> anyhow::Result<()> {
    let mut now = Snapshot::begin(&config.storage.location)?;
    let frozen = now.read(Schema::Registry, |tx| artifact_digests::frozen(tx))?;
    let alive: BTreeSet<(i64, i64)> = frozen.iter().map(|frozen| frozen.owner).collect();
    for (frozen, reason) in faulty {
        if alive.contains(&frozen.owner) {
            let path = frozen.file.path.clone();
            // What is recorded of it stays, so that the restored registry shows the damage too.
            collected.changed.remove(&path);
            collected.gone.remove(&path);
            collected.damaged.push(Damage { path, reason });
        } else {
            collected.deleted_versions.insert(frozen.owner);
        }
    }
    Ok(())
}

/// What is wrong with a file, in words.
fn fault(expected: &ManifestEntry, found: Option<&CopiedFile>) -> Option<String> {
    match found {
        None => Some("it is not there".to_owned()),
        Some(found) if found.size_bytes != expected.size_bytes => Some(format!(
            "it has {} bytes in place of {}",
            found.size_bytes, expected.size_bytes
        )),
        Some(found) if found.sha256 != expected.sha256 => Some(format!(
            "its SHA-256 is {} in place of {}",
            found.sha256, expected.sha256
        )),
        Some(_) => None,
    }
}

/// The copy of a file, which is made once.
async fn fetch(
    store: &Artifacts,
    folder: &Folder,
    collected: &mut Collected,
    path: &str,
    bar: &ProgressBar,
) -> anyhow::Result<Option<CopiedFile>> {
    if let Some(known) = collected.files.get(path) {
        return Ok(Some(known.clone()));
    }
    let place = format!("{ARTIFACTS}{path}");
    let path: ArtifactPath = path
        .parse()
        .with_context(|| format!("the database names an artifact `{path}`"))?;
    let download = match store.download(&path, None).await {
        Ok(download) => download,
        Err(
            ArtifactError::NotFound | ArtifactError::IsDirectory | ArtifactError::NotADirectory,
        ) => {
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read `{path}`")),
    };
    let mut file = folder.create(&place)?;
    let mut chunks = pin!(download.into_stream());
    let (mut digest, mut size_bytes) = (Running::default(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.with_context(|| format!("cannot read `{path}`"))?;
        digest.add(&chunk);
        file.write_all(&chunk)
            .with_context(|| format!("cannot write `{place}`"))?;
        size_bytes += chunk.len() as u64;
        bar.inc(chunk.len() as u64);
    }
    file.sync_all()?;
    let copied = CopiedFile {
        path: place,
        size_bytes,
        sha256: digest.finish(),
    };
    let files = &mut collected.files;
    files.insert(path.as_str().to_owned(), copied.clone());
    Ok(Some(copied))
}
