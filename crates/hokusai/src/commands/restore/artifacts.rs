//! Artifacts on their way into an empty store: a directory, or a bucket.

mod bucket;
mod directory;

use std::io::Read as _;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream;
use hokusai_artifacts::{Artifacts, ArtifactsLocation};
use hokusai_core::artifact_path::ArtifactPath;
use indicatif::ProgressBar;
use tokio::runtime::Runtime;

use self::bucket::ClaimedBucket;
use self::directory::StagingDirectory;
use super::source::{Source, Verified};
use crate::exit::{Exit, Failure};

/// Artifacts that nobody serves yet; nothing is left of them if this is dropped.
pub(super) struct StagedArtifacts {
    runtime: Arc<Runtime>,
    place: Place,
}

enum Place {
    Directory(StagingDirectory),
    Bucket(ClaimedBucket),
}

impl StagedArtifacts {
    /// Claims the place, which must be empty.
    pub(super) fn begin(location: &ArtifactsLocation) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let runtime = Arc::new(runtime);
        let place = match location {
            ArtifactsLocation::Directory(root) => Place::Directory(StagingDirectory::begin(root)?),
            ArtifactsLocation::Bucket(_) => {
                Place::Bucket(ClaimedBucket::begin(location, Arc::clone(&runtime))?)
            }
        };
        Ok(Self { runtime, place })
    }

    /// Reads every artifact of the backup into the store.
    pub(super) fn fill(&self, source: &Source, bar: &ProgressBar) -> anyhow::Result<()> {
        let store = match &self.place {
            Place::Directory(directory) => directory.store(),
            Place::Bucket(bucket) => bucket.store(),
        };
        for (path, listed) in source.manifest.artifacts() {
            let reader = source
                .verified(listed, bar)
                .with_context(|| format!("cannot read `{}`", listed.path))?;
            let path: ArtifactPath = path
                .parse()
                .with_context(|| format!("the manifest lists an artifact `{path}`"))?;
            self.runtime
                .block_on(put(store, &path, reader))
                .with_context(|| format!("cannot restore `{path}`"))?;
        }
        Ok(())
    }

    /// Moves everything to where it is served from. In a bucket it is there already.
    pub(super) fn move_into_place(mut self) -> anyhow::Result<Self> {
        if let Place::Directory(directory) = &mut self.place {
            directory.move_into_place()?;
        }
        Ok(self)
    }

    /// The databases are in place too.
    pub(super) fn keep(self) -> anyhow::Result<()> {
        match self.place {
            Place::Directory(directory) => directory.keep(),
            Place::Bucket(bucket) => bucket.keep(),
        }
    }
}

async fn put(store: &Artifacts, path: &ArtifactPath, reader: Verified) -> anyhow::Result<()> {
    let chunks = stream::try_unfold(reader, |mut reader| async {
        let mut chunk = vec![0; CHUNK_BYTES];
        let count = reader.read(&mut chunk)?;
        chunk.truncate(count);
        Ok::<_, std::io::Error>((count > 0).then(|| (Bytes::from(chunk), reader)))
    });
    let staged = store.receive(path, chunks).await?;
    Ok(staged.publish().await?)
}

/// A restore never overwrites.
fn not_empty(shown: &str) -> anyhow::Error {
    Failure {
        message: format!("the artifact store `{shown}` is not empty: a restore never overwrites"),
        hint: Some("name an empty place with --artifacts-url".to_owned()),
        exit: Exit::CouldNotRun,
    }
    .into()
}

/// As large as what uploads arrive in.
const CHUNK_BYTES: usize = 256 << 10;
