//! The databases of a backup, and which artifacts they name.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use hokusai_core::model::ManifestEntry;
use hokusai_store::Location;
use hokusai_store::artifact_digests::{self, Frozen};
use hokusai_store::backup::Snapshot;
use hokusai_store::statement::Schema;
use indicatif::ProgressBar;

use super::folder::Folder;
use super::manifest::{CopiedFile, DATABASES};
use crate::commands::digest::Running;

/// Copied databases.
pub(in crate::commands) struct Databases {
    /// Their files.
    pub(super) files: Vec<CopiedFile>,
    /// The version of each schema.
    pub(super) versions: BTreeMap<String, i64>,
    /// Files of model versions, which never change.
    pub(super) frozen: Vec<Frozen>,
    /// All uploads.
    pub(super) uploads: Vec<ManifestEntry>,
}

impl Databases {
    /// Copies what is there now.
    pub(super) fn copy(
        location: &Location,
        folder: &Folder,
        bar: &ProgressBar,
    ) -> anyhow::Result<Self> {
        let mut snapshot = Snapshot::begin(location)?;
        let schemas = snapshot.schemas().to_vec();
        bar.set_message("databases");
        for copied in &schemas {
            bar.inc_length(snapshot.size_bytes(copied.schema)?);
        }
        let below = folder.directory(DATABASES)?;
        let names = snapshot.copy_to(&below, &mut |bytes| bar.inc(bytes))?;
        let has_registry = schemas
            .iter()
            .any(|copied| copied.schema == Schema::Registry);
        let (frozen, uploads) = if has_registry {
            (
                snapshot.read(Schema::Registry, |tx| artifact_digests::frozen(tx))?,
                snapshot.read(Schema::Registry, |tx| artifact_digests::all(tx))?,
            )
        } else {
            (Vec::new(), Vec::new())
        };
        drop(snapshot);
        let files = names
            .iter()
            .map(|name| hashed(&format!("{DATABASES}{name}"), &below.join(name)))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            files,
            versions: schemas
                .iter()
                .map(|copied| (copied.schema.name().to_owned(), copied.version))
                .collect(),
            frozen,
            uploads,
        })
    }
}

/// Reads a file that was written, and makes it durable.
fn hashed(name: &str, path: &Path) -> anyhow::Result<CopiedFile> {
    let mut file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    file.sync_all()?;
    let mut digest = Running::default();
    let (mut size_bytes, mut chunk) = (0, vec![0; 1 << 20]);
    loop {
        let count = file.read(&mut chunk)?;
        let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) else {
            return Ok(CopiedFile {
                path: name.to_owned(),
                size_bytes,
                sha256: digest.finish(),
            });
        };
        digest.add(bytes);
        size_bytes += count as u64;
    }
}
