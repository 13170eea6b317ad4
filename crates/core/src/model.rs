//! Registered models, their versions, stages, aliases and tags.

mod alias;
mod name;
mod stage;
mod tag;
mod version;

pub use alias::{AliasName, InvalidAlias};
pub use name::{InvalidModelName, ModelName};
pub use stage::{InvalidStage, Stage};
pub use tag::{IS_PROMPT_TAG, InvalidModelTag, ModelTag};
pub use version::{InvalidVersion, VersionNumber};

/// A registered model: a name under which versions are numbered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredModel {
    /// Unique name.
    pub name: ModelName,
    /// Milliseconds since the epoch.
    pub created_at_ms: i64,
    /// Milliseconds since the epoch.
    pub updated_at_ms: i64,
    /// Free text; absent and empty are told apart by no client.
    pub description: Option<String>,
    /// The newest version of each stage.
    pub latest_versions: Vec<ModelVersion>,
    /// Sorted by key.
    pub tags: Vec<ModelTag>,
    /// Sorted by alias.
    pub aliases: Vec<(AliasName, VersionNumber)>,
}

/// One version of a registered model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelVersion {
    /// The registered model's name.
    pub name: ModelName,
    /// Counted from 1, never used twice.
    pub version: VersionNumber,
    /// Milliseconds since the epoch.
    pub created_at_ms: i64,
    /// Milliseconds since the epoch.
    pub updated_at_ms: i64,
    /// Free text; `None` when it was never set.
    pub description: Option<String>,
    /// Who created it, when the caller has a name.
    pub user_id: Option<String>,
    /// Where it stands.
    pub stage: Stage,
    /// The URI as the client gave it. Never opened.
    pub source: String,
    /// Where the files are, as a URI that clients resolve.
    pub download_uri: String,
    /// The run that made it; `Some("")` when the client sent an empty one.
    pub run_id: Option<String>,
    /// Link to the run on another server.
    pub run_link: Option<String>,
    /// The logged model that it was registered from.
    pub model_id: Option<String>,
    /// Sorted by key.
    pub tags: Vec<ModelTag>,
    /// Sorted.
    pub aliases: Vec<AliasName>,
}

/// One file of a version, recorded when the version was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestEntry {
    /// Relative to the version's root, `/` between segments.
    pub path: String,
    /// Bytes.
    pub size_bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}
