//! The directory of a backup: private, removed again unless the backup is whole.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::manifest::{MANIFEST, MANIFEST_DIGEST, Manifest};
use crate::commands::digest::Running;
use crate::exit::Failure;

/// A directory that is being filled.
pub(super) struct Folder {
    root: PathBuf,
    was_there: bool,
    is_kept: bool,
}

impl Folder {
    /// Makes it (mode 0700), or takes an empty one.
    pub(super) fn make(root: &Path) -> anyhow::Result<Self> {
        let was_there = root.exists();
        let shown = root.display();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)
            .with_context(|| format!("cannot make `{shown}`"))?;
        let mut entries =
            std::fs::read_dir(root).with_context(|| format!("cannot read `{shown}`"))?;
        if entries.next().is_some() {
            return Err(Failure::usage(
                format!("`{shown}` is not empty: a backup never overwrites"),
                "name a new directory for each backup",
            ));
        }
        std::fs::set_permissions(root, Permissions::from_mode(0o700))?;
        Ok(Self {
            root: root.to_owned(),
            was_there,
            is_kept: false,
        })
    }

    /// A directory of the backup, made if it is missing.
    pub(super) fn directory(&self, path: &str) -> anyhow::Result<PathBuf> {
        let place = self.root.join(path);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&place)
            .with_context(|| format!("cannot make `{}`", place.display()))?;
        Ok(place)
    }

    /// A new file that only its owner reads.
    pub(super) fn create(&self, path: &str) -> anyhow::Result<File> {
        if let Some((directory, _)) = path.rsplit_once('/') {
            self.directory(directory)?;
        }
        let place = self.root.join(path);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&place)
            .with_context(|| format!("cannot make `{}`", place.display()))
    }

    /// Writes the manifest and makes all of it durable; answers the manifest's digest.
    pub(super) fn keep(&mut self, manifest: &Manifest) -> anyhow::Result<String> {
        let mut text = serde_json::to_string_pretty(manifest)?;
        text.push('\n');
        let mut digest = Running::default();
        digest.add(text.as_bytes());
        let sha256 = digest.finish();
        sync_directories(&self.root)?;
        for (name, text) in [
            (MANIFEST_DIGEST, format!("{sha256}  {MANIFEST}\n")),
            (MANIFEST, text),
        ] {
            let mut file = self.create(name)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
        }
        File::open(&self.root)?.sync_all()?;
        self.is_kept = true;
        // The way to it, if it is new.
        if let Some(parent) = self.root.canonicalize()?.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(sha256)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        // What can't be removed has no manifest, so nobody takes it for a backup.
        let _ = std::fs::remove_dir_all(&self.root);
        if self.was_there {
            let _ = DirBuilder::new().mode(0o700).create(&self.root);
        }
    }
}

fn sync_directories(directory: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_directories(&entry.path())?;
        }
    }
    Ok(File::open(directory)?.sync_all()?)
}
