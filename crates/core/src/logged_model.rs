//! Logged models: what `log_model` of MLflow 3 creates before anything is registered.

use std::str::FromStr;

use crate::metric::Metric;
use crate::python_text::repr;

/// Where a logged model stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedModelStatus {
    /// No statement.
    Unspecified,
    /// Files are being uploaded.
    Pending,
    /// Complete.
    Ready,
    /// The upload failed.
    Failed,
}

/// A status that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Unknown model status: {0}")]
pub struct UnknownStatus(pub String);

impl LoggedModelStatus {
    /// The name in MLflow's protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "LOGGED_MODEL_STATUS_UNSPECIFIED",
            Self::Pending => "LOGGED_MODEL_PENDING",
            Self::Ready => "LOGGED_MODEL_READY",
            Self::Failed => "LOGGED_MODEL_UPLOAD_FAILED",
        }
    }

    /// The number in MLflow's protocol, which is also what the store keeps.
    pub fn number(self) -> i64 {
        match self {
            Self::Unspecified => 0,
            Self::Pending => 1,
            Self::Ready => 2,
            Self::Failed => 3,
        }
    }

    /// The status with that number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.number() == number)
    }

    const ALL: [Self; 4] = [Self::Unspecified, Self::Pending, Self::Ready, Self::Failed];
}

impl FromStr for LoggedModelStatus {
    type Err = UnknownStatus;

    /// Reads the name or the number, as protobuf's JSON does.
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == raw || status.number().to_string() == raw)
            .ok_or_else(|| UnknownStatus(raw.to_owned()))
    }
}

/// A logged model.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedModel {
    /// `m-` and 32 hexadecimal digits.
    pub model_id: String,
    /// The experiment that it belongs to.
    pub experiment_id: i64,
    /// Not unique.
    pub name: String,
    /// Where its files are; always in our own store.
    pub artifact_uri: String,
    /// Milliseconds since the epoch.
    pub created_at_ms: i64,
    /// Milliseconds since the epoch.
    pub updated_at_ms: i64,
    /// `pyfunc`, `agent` …; `Some("")` when the client sent an empty one.
    pub model_type: Option<String>,
    /// The run that logged it; `Some("")` when the client sent an empty one.
    pub source_run_id: Option<String>,
    /// Where it stands.
    pub status: LoggedModelStatus,
    /// Why it stands there.
    pub status_message: Option<String>,
    /// Key and value, sorted by key.
    pub tags: Vec<(String, String)>,
    /// Key and value, sorted by key.
    pub params: Vec<(String, String)>,
    /// In the order of key and time.
    pub metrics: Vec<LoggedModelMetric>,
}

/// A dataset, as far as a client named it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dataset {
    /// Its name.
    pub name: Option<String>,
    /// A digest of its content.
    pub digest: Option<String>,
}

/// A point of a metric that says how good a logged model is.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedModelMetric {
    /// The point.
    pub metric: Metric,
    /// The run that measured it.
    pub run_id: String,
    /// On what it was measured.
    pub dataset: Dataset,
}

/// A name that MLflow refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Invalid model name ({}) provided. Model name must be a non-empty string and cannot contain the following \
     characters: ('/', ':', '.', '%', '\"', \"'\")",
    repr(name)
)]
pub struct InvalidLoggedModelName {
    /// What was given.
    pub name: String,
}

/// Checks a logged model's name.
pub fn check_name(name: &str) -> Result<(), InvalidLoggedModelName> {
    if name.is_empty() || name.contains(['/', ':', '.', '%', '"', '\'']) {
        return Err(InvalidLoggedModelName {
            name: name.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_by_name_and_by_number() {
        assert_eq!("LOGGED_MODEL_READY".parse(), Ok(LoggedModelStatus::Ready));
        assert_eq!("2".parse(), Ok(LoggedModelStatus::Ready));
        assert!("READY".parse::<LoggedModelStatus>().is_err());
    }

    #[test]
    fn names_that_would_break_uris_are_refused() {
        assert_eq!(check_name("my model-1"), Ok(()));
        assert_eq!(
            check_name("a.b").unwrap_err().to_string(),
            "Invalid model name ('a.b') provided. Model name must be a non-empty string and cannot contain the \
             following characters: ('/', ':', '.', '%', '\"', \"'\")"
        );
    }
}
