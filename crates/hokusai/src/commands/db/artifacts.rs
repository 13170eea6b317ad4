//! Every artifact against what is recorded of it, while servers run.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use hokusai_artifacts::{ArtifactError, Artifacts, Limits};
use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::model::ManifestEntry;
use hokusai_store::artifact_digests;
use hokusai_store::statement::Schema;
use indicatif::ProgressBar;

use super::status;
use crate::commands::backup::progress;
use crate::commands::digest::Running;
use crate::config::Config;
use crate::system::SystemClock;

/// What was read and found.
#[derive(Default)]
pub(super) struct Read {
    /// Files that were compared.
    pub(super) checked: usize,
    /// Their bytes.
    pub(super) bytes: u64,
    /// In words.
    pub(super) faults: Vec<String>,
    /// Files that no row names.
    pub(super) unnamed: Vec<String>,
}

/// What is recorded, by path.
type Recorded = BTreeMap<String, ManifestEntry>;

/// Reads everything that is recorded. What is wrong is looked at again with what is recorded then: it may just have changed.
pub(super) fn check(config: &Config, is_quiet: bool) -> anyhow::Result<Read> {
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
    let recorded = recorded(config)?;
    let bar = progress::bar(is_quiet)?;
    bar.inc_length(recorded.values().map(|entry| entry.size_bytes).sum());
    bar.set_message("artifacts");
    let mut read = Read {
        checked: recorded.len(),
        ..Read::default()
    };
    let mut faulty = Vec::new();
    for entry in recorded.values() {
        let found = runtime.block_on(fault(&store, entry, &bar))?;
        faulty.extend(found.map(|fault| (entry.path.clone(), fault)));
    }
    read.bytes = bar.position();
    let mut unnamed = runtime.block_on(unnamed(&store, &recorded))?;
    for _ in 0..SECOND_LOOKS {
        if faulty.is_empty() && unnamed.is_empty() {
            break;
        }
        std::thread::sleep(BETWEEN_LOOKS);
        let recorded = self::recorded(config)?;
        faulty = runtime.block_on(still_wrong(&store, faulty, &recorded))?;
        unnamed.retain(|path| !recorded.contains_key(path));
    }
    bar.finish_and_clear();
    read.faults = faulty
        .into_iter()
        .map(|(path, fault)| format!("registry: artifact `{path}`: {fault}"))
        .collect();
    for path in unnamed {
        // What was deleted meanwhile needs no row.
        if runtime.block_on(size(&store, &path))?.is_some() {
            read.unnamed.push(path);
        }
    }
    Ok(read)
}

fn recorded(config: &Config) -> anyhow::Result<Recorded> {
    let mut snapshot = status::begin(config)?;
    let uploads = snapshot.read(Schema::Registry, |tx| artifact_digests::all(tx))?;
    let frozen = snapshot.read(Schema::Registry, |tx| artifact_digests::frozen(tx))?;
    // What versions say comes last, and counts.
    let all = uploads
        .into_iter()
        .chain(frozen.into_iter().map(|frozen| frozen.file));
    Ok(all.map(|entry| (entry.path.clone(), entry)).collect())
}

async fn still_wrong(
    store: &Artifacts,
    faulty: Vec<(String, String)>,
    recorded: &Recorded,
) -> anyhow::Result<Vec<(String, String)>> {
    let mut still = Vec::new();
    for (path, _) in faulty {
        if let Some(entry) = recorded.get(&path) {
            let found = fault(store, entry, &ProgressBar::hidden()).await?;
            still.extend(found.map(|fault| (path, fault)));
        }
    }
    Ok(still)
}

/// What is wrong with a file, in words.
async fn fault(
    store: &Artifacts,
    entry: &ManifestEntry,
    bar: &ProgressBar,
) -> anyhow::Result<Option<String>> {
    let path: ArtifactPath = entry
        .path
        .parse()
        .with_context(|| format!("the database names an artifact `{}`", entry.path))?;
    let download = match store.download(&path, None).await {
        Ok(download) => download,
        Err(error) if is_absence(&error) => return Ok(Some("it is not there".to_owned())),
        // Says nothing about this file, and the next would wait as long.
        Err(error @ (ArtifactError::Unavailable(_) | ArtifactError::Refused(_))) => {
            return Err(error.into());
        }
        Err(error) => return Ok(Some(format!("it cannot be read: {error}"))),
    };
    let (mut digest, mut bytes) = (Running::default(), 0_u64);
    let mut chunks = pin!(download.into_stream());
    while let Some(chunk) = chunks.next().await {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => return Ok(Some(format!("it cannot be read: {error}"))),
        };
        digest.add(&chunk);
        bytes += chunk.len() as u64;
        bar.inc(chunk.len() as u64);
    }
    let sha256 = digest.finish();
    Ok(if entry.sha256.is_empty() {
        // It was replaced, and the database could not take the new one's.
        None
    } else if bytes != entry.size_bytes {
        Some(format!(
            "it has {bytes} bytes in place of {}",
            entry.size_bytes
        ))
    } else if sha256 != entry.sha256 {
        Some(format!(
            "its SHA-256 is {sha256} in place of {}",
            entry.sha256
        ))
    } else {
        None
    })
}

/// Files that are there and not recorded, as far as they are worth listing.
async fn unnamed(store: &Artifacts, recorded: &Recorded) -> anyhow::Result<Vec<String>> {
    let (mut found, mut waiting) = (Vec::new(), vec![None::<ArtifactPath>]);
    while let Some(directory) = waiting.pop() {
        for entry in store.list(directory.as_ref()).await? {
            let name: ArtifactPath = match entry.name.parse() {
                Ok(name) => name,
                // No upload has such a name.
                Err(_) => continue,
            };
            let path = match &directory {
                Some(directory) => directory.join(&name),
                None => name,
            };
            if entry.size_bytes.is_none() {
                waiting.push(Some(path));
            } else if !recorded.contains_key(path.as_str()) && found.len() < MOST_UNNAMED {
                found.push(path.as_str().to_owned());
            }
        }
    }
    Ok(found)
}

async fn size(store: &Artifacts, path: &str) -> anyhow::Result<Option<u64>> {
    match store.download(&path.parse()?, None).await {
        Ok(download) => Ok(Some(download.size_bytes)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

const fn is_absence(error: &ArtifactError) -> bool {
    matches!(
        error,
        ArtifactError::NotFound | ArtifactError::IsDirectory | ArtifactError::NotADirectory
    )
}

/// A file that is replaced again and again is met in the middle of it now and then.
const SECOND_LOOKS: u32 = 5;
/// Longer than it takes from a file's appearance to its row.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// More would only fill the terminal.
const MOST_UNNAMED: usize = 100;
