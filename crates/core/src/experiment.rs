//! Experiments.

/// Whether something was deleted; MLflow deletes softly and can restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// In use.
    Active,
    /// Deleted, to be restored.
    Deleted,
}

impl Lifecycle {
    /// The name in MLflow's `lifecycle_stage`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deleted => "deleted",
        }
    }

    /// Reads the name.
    pub fn parse(raw: &str) -> Option<Self> {
        match raw {
            "active" => Some(Self::Active),
            "deleted" => Some(Self::Deleted),
            _ => None,
        }
    }
}

/// A set of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Experiment {
    /// Its number; a string at MLflow's edge.
    pub id: i64,
    /// Unique among all experiments, the deleted ones included.
    pub name: String,
    /// Where its runs' artifacts are, as an `mlflow-artifacts:` URI.
    pub artifact_location: String,
    /// Whether it was deleted.
    pub lifecycle: Lifecycle,
    /// Milliseconds since 1970.
    pub created_ms: i64,
    /// Milliseconds since 1970.
    pub updated_ms: i64,
    /// Tags by key.
    pub tags: Vec<(String, String)>,
}

/// A refused experiment; the texts are MLflow's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExperiment {
    /// The name is too long.
    #[error("'name' exceeds the maximum length of {MAX_NAME_CHARS} characters")]
    NameTooLong,
    /// A tag's value is too long.
    #[error("'value' exceeds the maximum length of {MAX_TAG_VALUE_CHARS} characters")]
    TagValueTooLong,
    /// A tag's key is too long.
    #[error("'key' exceeds the maximum length of 250 characters")]
    TagKeyTooLong,
}

/// Checks an experiment's name.
pub fn check_name(name: &str) -> Result<(), InvalidExperiment> {
    if name.chars().count() > MAX_NAME_CHARS {
        Err(InvalidExperiment::NameTooLong)
    } else {
        Ok(())
    }
}

/// Checks the lengths of an experiment's tag.
pub fn check_tag(key: &str, value: &str) -> Result<(), InvalidExperiment> {
    if key.chars().count() > crate::entity_key::MAX_KEY_CHARS {
        return Err(InvalidExperiment::TagKeyTooLong);
    }
    if value.chars().count() > MAX_TAG_VALUE_CHARS {
        Err(InvalidExperiment::TagValueTooLong)
    } else {
        Ok(())
    }
}

/// Longest name of an experiment, in characters (MLflow's limit).
const MAX_NAME_CHARS: usize = 500;
/// Longest value of an experiment's tag, in characters (MLflow's limit).
const MAX_TAG_VALUE_CHARS: usize = 20_000;
