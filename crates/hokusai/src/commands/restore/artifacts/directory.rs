//! A directory that is restored: prepared in a directory within, moved out of it as the last step.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hokusai_artifacts::{Artifacts, Limits};
use hokusai_store::backup::RESTORING;

use super::not_empty;
use crate::system::SystemClock;

/// A store that nobody sees yet; nothing is left of it if it is dropped.
pub(super) struct StagingDirectory {
    root: PathBuf,
    /// The root and what is above it, as far as it was made.
    made: Vec<PathBuf>,
    moved: Vec<PathBuf>,
    is_kept: bool,
    store: Artifacts,
}

impl StagingDirectory {
    /// Claims the place, which must be empty.
    pub(super) fn begin(root: &Path) -> anyhow::Result<Self> {
        let missing = root.ancestors().take_while(|path| !path.exists());
        let made = missing.map(Path::to_owned).collect();
        let shown = root.display();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)
            .with_context(|| format!("cannot make `{shown}`"))?;
        for entry in std::fs::read_dir(root)? {
            if entry?.file_name() != "lost+found" {
                return Err(not_empty(&shown.to_string()));
            }
        }
        let staging = root.join(RESTORING);
        DirBuilder::new().mode(0o700).create(&staging)?;
        let now = SystemClock::start().system_time();
        Ok(Self {
            root: root.to_owned(),
            made,
            moved: Vec::new(),
            is_kept: false,
            store: Artifacts::open_directory(&staging, Limits::default(), now)?,
        })
    }

    pub(super) fn store(&self) -> &Artifacts {
        &self.store
    }

    /// Moves everything to where it is served from.
    pub(super) fn move_into_place(&mut self) -> anyhow::Result<()> {
        let staging = self.root.join(RESTORING);
        for entry in std::fs::read_dir(&staging)? {
            let entry = entry?;
            let to = self.root.join(entry.file_name());
            std::fs::rename(entry.path(), &to)?;
            self.moved.push(to);
        }
        sync(&self.root)
    }

    /// The databases are in place too.
    pub(super) fn keep(mut self) -> anyhow::Result<()> {
        self.is_kept = true;
        std::fs::remove_dir(self.root.join(RESTORING))?;
        sync(&self.root)
    }
}

impl Drop for StagingDirectory {
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
