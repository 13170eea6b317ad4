//! Artifacts on their way into an empty store: prepared in a directory within, moved out of it as the last step.

use std::fs::{DirBuilder, File};
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream;
use hokusai_artifacts::{Artifacts, ArtifactsLocation, Limits};
use hokusai_core::artifact_path::ArtifactPath;
use hokusai_store::backup::RESTORING;
use indicatif::ProgressBar;

use super::source::{Source, Verified};
use crate::exit::{Exit, Failure};
use crate::system::SystemClock;

/// A store that nobody sees yet; nothing is left of it if it is dropped.
pub(super) struct StagedArtifacts {
    root: PathBuf,
    /// The root and what is above it, as far as it was made.
    made: Vec<PathBuf>,
    moved: Vec<PathBuf>,
    is_kept: bool,
    store: Artifacts,
}

impl StagedArtifacts {
    /// Claims the place, which must be empty.
    pub(super) fn begin(location: &ArtifactsLocation) -> anyhow::Result<Self> {
        let root = location.path().to_owned();
        let missing = root.ancestors().take_while(|path| !path.exists());
        let made = missing.map(Path::to_owned).collect();
        let shown = root.display();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&root)
            .with_context(|| format!("cannot make `{shown}`"))?;
        for entry in std::fs::read_dir(&root)? {
            if entry?.file_name() != "lost+found" {
                return Err(Failure {
                    message: format!(
                        "the artifact store `{shown}` is not empty: a restore never overwrites"
                    ),
                    hint: Some("name an empty place with --artifacts-url".to_owned()),
                    exit: Exit::CouldNotRun,
                }
                .into());
            }
        }
        let staging = root.join(RESTORING);
        DirBuilder::new().mode(0o700).create(&staging)?;
        let store = Artifacts::open(
            &ArtifactsLocation::directory(staging),
            Limits::default(),
            SystemClock::start().system_time(),
        )?;
        Ok(Self {
            root,
            made,
            moved: Vec::new(),
            is_kept: false,
            store,
        })
    }

    /// Reads every artifact of the backup into the store.
    pub(super) fn fill(&self, source: &Source, bar: &ProgressBar) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        for (path, listed) in source.manifest.artifacts() {
            let reader = source
                .verified(listed, bar)
                .with_context(|| format!("cannot read `{}`", listed.path))?;
            let path: ArtifactPath = path
                .parse()
                .with_context(|| format!("the manifest lists an artifact `{path}`"))?;
            runtime
                .block_on(self.put(&path, reader))
                .with_context(|| format!("cannot restore `{path}`"))?;
        }
        Ok(())
    }

    async fn put(&self, path: &ArtifactPath, reader: Verified) -> anyhow::Result<()> {
        let chunks = stream::try_unfold(reader, |mut reader| async {
            let mut chunk = vec![0; CHUNK_BYTES];
            let count = reader.read(&mut chunk)?;
            chunk.truncate(count);
            Ok::<_, std::io::Error>((count > 0).then(|| (Bytes::from(chunk), reader)))
        });
        let staged = self.store.receive(chunks).await?;
        Ok(staged.publish(path).await?)
    }

    /// Moves everything to where it is served from.
    pub(super) fn move_into_place(mut self) -> anyhow::Result<Self> {
        let staging = self.root.join(RESTORING);
        for entry in std::fs::read_dir(&staging)? {
            let entry = entry?;
            let to = self.root.join(entry.file_name());
            std::fs::rename(entry.path(), &to)?;
            self.moved.push(to);
        }
        sync(&self.root)?;
        Ok(self)
    }

    /// The databases are in place too.
    pub(super) fn keep(mut self) -> anyhow::Result<()> {
        self.is_kept = true;
        std::fs::remove_dir(self.root.join(RESTORING))?;
        sync(&self.root)
    }
}

impl Drop for StagedArtifacts {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        for path in &self.moved {
            let _ = std::fs::remove_dir_all(path);
        }
        let _ = std::fs::remove_dir_all(self.root.join(RESTORING));
        for directory in &self.made {
            let _ = std::fs::remove_dir(directory);
        }
    }
}

fn sync(directory: &Path) -> anyhow::Result<()> {
    Ok(File::open(directory)?.sync_all()?)
}

/// As large as what uploads arrive in.
const CHUNK_BYTES: usize = 256 << 10;
