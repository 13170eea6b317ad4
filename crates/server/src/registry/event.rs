//! What the registry's audit log records: who created, moved and deleted what. Not metrics, params or tags: they are data.

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::experiment::Lifecycle;
use hokusai_core::model::{AliasName, ModelName, Stage, VersionNumber};
use hokusai_store::audit::{self, Entry};
use hokusai_store::statement::Schema;
use hokusai_store::{StoreError, Tx};

use crate::caller::Caller;

/// Something that is recorded in the transaction in which it happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event<'a> {
    /// A model is there.
    ModelCreated(&'a ModelName),
    /// A model has another name.
    ModelRenamed {
        /// Before.
        from: &'a ModelName,
        /// From now on.
        to: &'a ModelName,
    },
    /// A model is gone, with its versions and aliases.
    ModelDeleted(&'a ModelName),
    /// A model has another version.
    VersionCreated(&'a ModelName, VersionNumber),
    /// A version is in another stage.
    VersionStaged {
        /// The model.
        name: &'a ModelName,
        /// The version.
        version: VersionNumber,
        /// Where it is now.
        stage: Stage,
        /// Whether the others of that stage went to the archive.
        archives_others: bool,
    },
    /// A version is gone, with its aliases.
    VersionDeleted(&'a ModelName, VersionNumber),
    /// An alias points at a version, wherever it pointed before.
    AliasSet(&'a ModelName, &'a AliasName, VersionNumber),
    /// An alias is gone.
    AliasDeleted(&'a ModelName, &'a AliasName),
    /// A run was deleted or restored.
    Run(&'a str, Lifecycle),
    /// An experiment was deleted or restored, with its runs.
    Experiment(i64, Lifecycle),
    /// A logged model was deleted.
    LoggedModelDeleted(&'a str),
    /// A file or directory is about to be deleted.
    ArtifactDeleted(&'a ArtifactPath),
}

/// Records `event`. The last statement of its transaction: see [`audit::append`].
pub(crate) fn record(
    tx: &mut dyn Tx,
    caller: &Caller,
    now_ms: i64,
    event: Event<'_>,
) -> Result<(), StoreError> {
    let entry = Entry {
        at_ms: now_ms,
        actor: caller.key_id().to_owned(),
        action: event.action().to_owned(),
        target: event.target(),
        client_ip: caller.client_ip().map(|ip| ip.to_string()),
    };
    audit::append(tx, Schema::Registry, &entry)
}

impl Event<'_> {
    const fn action(self) -> &'static str {
        match self {
            Self::ModelCreated(_) => "model.create",
            Self::ModelRenamed { .. } => "model.rename",
            Self::ModelDeleted(_) => "model.delete",
            Self::VersionCreated(..) => "version.create",
            Self::VersionStaged { .. } => "version.stage",
            Self::VersionDeleted(..) => "version.delete",
            Self::AliasSet(..) => "alias.set",
            Self::AliasDeleted(..) => "alias.delete",
            Self::Run(_, Lifecycle::Deleted) => "run.delete",
            Self::Run(_, Lifecycle::Active) => "run.restore",
            Self::Experiment(_, Lifecycle::Deleted) => "experiment.delete",
            Self::Experiment(_, Lifecycle::Active) => "experiment.restore",
            Self::LoggedModelDeleted(_) => "logged-model.delete",
            Self::ArtifactDeleted(_) => "artifact.delete",
        }
    }

    /// No two events read alike: a model's name holds neither `/` nor `:`, an alias neither `@` nor `:`.
    fn target(self) -> String {
        match self {
            Self::ModelCreated(name) | Self::ModelDeleted(name) => name.to_string(),
            Self::ModelRenamed { from, to } => format!("{from}: now {to}"),
            Self::VersionCreated(name, version) | Self::VersionDeleted(name, version) => {
                format!("{name}/{version}")
            }
            Self::VersionStaged {
                name,
                version,
                stage,
                archives_others,
            } => {
                let others = if archives_others {
                    ", others archived"
                } else {
                    ""
                };
                format!("{name}/{version}: {}{others}", stage.as_str())
            }
            Self::AliasSet(name, alias, version) => format!("{name}@{alias}: {version}"),
            Self::AliasDeleted(name, alias) => format!("{name}@{alias}"),
            Self::Run(id, _) | Self::LoggedModelDeleted(id) => id.to_owned(),
            Self::Experiment(id, _) => id.to_string(),
            Self::ArtifactDeleted(path) => path.to_string(),
        }
    }
}
