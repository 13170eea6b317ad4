//! Stages: MLflow's older way to say which version is in use.

use std::fmt;
use std::str::FromStr;

/// Where a version stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Nowhere yet.
    #[default]
    None,
    /// Being tried.
    Staging,
    /// In use.
    Production,
    /// Retired.
    Archived,
}

/// Why a stage is refused. The texts are MLflow's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStage {
    /// Not a stage.
    #[error(
        "Invalid Model Version stage: {stage}. Value must be one of None, Staging, Production, Archived."
    )]
    Unknown {
        /// What was given.
        stage: String,
    },
    /// Only Staging and Production can push their older versions out.
    #[error(
        "Model version transition cannot archive existing model versions because '{stage}' is not an Active stage. \
         Valid stages are ['Staging', 'Production']"
    )]
    NotActive {
        /// What was given.
        stage: String,
    },
}

impl Stage {
    /// All stages, in MLflow's order.
    pub const ALL: [Self; 4] = [Self::None, Self::Staging, Self::Production, Self::Archived];

    /// The canonical spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Staging => "Staging",
            Self::Production => "Production",
            Self::Archived => "Archived",
        }
    }

    /// Whether versions in this stage serve somebody.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Staging | Self::Production)
    }
}

impl FromStr for Stage {
    type Err = InvalidStage;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|stage| stage.as_str().eq_ignore_ascii_case(raw))
            .ok_or_else(|| InvalidStage::Unknown {
                stage: raw.to_owned(),
            })
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_in_any_case() {
        assert_eq!("production".parse(), Ok(Stage::Production));
        assert_eq!(
            "prod".parse::<Stage>().unwrap_err().to_string(),
            "Invalid Model Version stage: prod. Value must be one of None, Staging, Production, Archived."
        );
    }
}
