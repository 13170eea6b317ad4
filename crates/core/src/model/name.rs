//! The name of a registered model.

use std::fmt;
use std::str::FromStr;

use crate::entity_key::is_ambiguous_path;
use crate::python_text::{json_string, normpath, repr};

/// Name of a registered model: not blank, no `/` and no `:`, and not another name when read as a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelName(String);

/// Why a model name is refused. The texts are MLflow's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidModelName {
    /// Empty or only white space.
    #[error("Missing value for required parameter 'name'.")]
    Missing,
    /// Holds a character that model URIs need.
    #[error("Invalid model name '{name}'. Names cannot contain '/' or ':'.")]
    Reserved {
        /// What was given.
        name: String,
    },
    /// `.` or `..`.
    #[error(
        "Invalid value {} for parameter 'name' supplied: Names may be treated as files in certain cases, and must \
         not resolve to other names when treated as such. This name would resolve to {}",
        json_string(name),
        repr(&normpath(name))
    )]
    NotUnique {
        /// What was given.
        name: String,
    },
    /// Longer than the column of MLflow's own schema.
    #[error("'name' exceeds the maximum length of {MAX_NAME_CHARS} characters")]
    TooLong,
}

/// Longest model name, in characters (the width of MLflow's column).
const MAX_NAME_CHARS: usize = 256;

impl ModelName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ModelName {
    type Err = InvalidModelName;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        if raw.trim().is_empty() {
            return Err(InvalidModelName::Missing);
        }
        if raw.contains(['/', ':']) {
            return Err(InvalidModelName::Reserved {
                name: raw.to_owned(),
            });
        }
        if is_ambiguous_path(raw) {
            return Err(InvalidModelName::NotUnique {
                name: raw.to_owned(),
            });
        }
        if raw.chars().count() > MAX_NAME_CHARS {
            return Err(InvalidModelName::TooLong);
        }
        Ok(Self(raw.to_owned()))
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_pass() {
        for name in ["churn", "hokusai-XRAY", "a b", "日本", "a.b"] {
            assert_eq!(name.parse::<ModelName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn refusals_speak_as_mlflow_does() {
        for (raw, want) in [
            ("", "Missing value for required parameter 'name'."),
            ("  ", "Missing value for required parameter 'name'."),
            (
                "a/b",
                "Invalid model name 'a/b'. Names cannot contain '/' or ':'.",
            ),
            (
                "a:b",
                "Invalid model name 'a:b'. Names cannot contain '/' or ':'.",
            ),
            (
                "..",
                "Invalid value \"..\" for parameter 'name' supplied: Names may be treated as files in certain cases, \
                 and must not resolve to other names when treated as such. This name would resolve to '..'",
            ),
        ] {
            assert_eq!(raw.parse::<ModelName>().unwrap_err().to_string(), want);
        }
    }
}
