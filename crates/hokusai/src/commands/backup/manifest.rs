//! What is in a backup: written last, read first.

use std::collections::BTreeMap;

use hokusai_store::backup::Kind;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::artifacts::Collected;
use super::databases::Databases;

/// The list of a backup's files, and what is known of them.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::commands) struct Manifest {
    /// Form of the backup.
    pub(in crate::commands) format: u32,
    /// Release that made it.
    pub(in crate::commands) release: String,
    /// The moment of the databases (RFC 3339): nothing after it is certain to be in.
    pub(in crate::commands) taken_at: String,
    /// `sqlite` or `postgresql`.
    pub(in crate::commands) database: String,
    /// Version of each schema that is in.
    pub(in crate::commands) schemas: BTreeMap<String, i64>,
    /// Artifacts that were replaced after that moment: they are in as they were found.
    pub(in crate::commands) changed: Vec<String>,
    /// Artifacts that were deleted after that moment.
    pub(in crate::commands) gone: Vec<String>,
    /// Model versions that were deleted after that moment, some of their files too: by the model's number and the version's.
    pub(in crate::commands) deleted_versions: Vec<(i64, i64)>,
    /// Files of model versions that were not what was recorded of them.
    pub(in crate::commands) damaged: Vec<Damage>,
    /// Everything that is in, by path.
    pub(in crate::commands) files: Vec<CopiedFile>,
}

/// A file of a backup.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::commands) struct CopiedFile {
    /// Relative to the backup; artifacts lie below `artifacts/`.
    pub(in crate::commands) path: String,
    /// Bytes.
    pub(in crate::commands) size_bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub(in crate::commands) sha256: String,
}

/// A file that is not what was recorded.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::commands) struct Damage {
    /// Path of the artifact.
    pub(in crate::commands) path: String,
    /// What is wrong.
    pub(in crate::commands) reason: String,
}

impl Manifest {
    pub(super) fn new(
        taken_at_ms: i64,
        kind: Kind,
        databases: Databases,
        collected: Collected,
    ) -> Self {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(taken_at_ms) * 1_000_000);
        let artifacts = collected.files.into_values();
        Self {
            format: FORMAT,
            release: env!("CARGO_PKG_VERSION").to_owned(),
            taken_at: moment
                .unwrap_or(OffsetDateTime::UNIX_EPOCH)
                .format(&Rfc3339)
                .unwrap_or_default(),
            database: kind.name().to_owned(),
            schemas: databases.versions,
            changed: collected.changed.into_iter().collect(),
            gone: collected.gone.into_iter().collect(),
            deleted_versions: collected.deleted_versions.into_iter().collect(),
            damaged: collected.damaged,
            files: databases.files.into_iter().chain(artifacts).collect(),
        }
    }

    /// Bytes of all files.
    pub(in crate::commands) fn size_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size_bytes).sum()
    }

    /// The file of that path.
    pub(in crate::commands) fn file(&self, path: &str) -> Option<&CopiedFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The artifacts: each with its path in the store.
    pub(in crate::commands) fn artifacts(&self) -> impl Iterator<Item = (&str, &CopiedFile)> {
        self.files
            .iter()
            .filter_map(|file| Some((file.path.strip_prefix(ARTIFACTS)?, file)))
    }
}

/// Raised when an older release could misread what a newer one wrote.
pub(in crate::commands) const FORMAT: u32 = 1;

/// Where the databases lie in a backup.
pub(in crate::commands) const DATABASES: &str = "databases/";
/// Where the artifacts lie.
pub(in crate::commands) const ARTIFACTS: &str = "artifacts/";
/// The manifest.
pub(in crate::commands) const MANIFEST: &str = "manifest.json";
/// Its own digest, as `sha256sum --check` reads it.
pub(in crate::commands) const MANIFEST_DIGEST: &str = "manifest.sha256";
