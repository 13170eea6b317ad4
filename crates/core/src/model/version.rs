//! Version numbers.

use std::fmt;
use std::str::FromStr;

/// Number of a version: what `int()` makes of the text. Numbers that no version has are simply not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionNumber(i64);

/// Why a version is refused. The text is MLflow's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Parameter 'version' must be an integer, got '{version}'.")]
pub struct InvalidVersion {
    /// What was given.
    pub version: String,
}

impl VersionNumber {
    /// A number from the store.
    pub fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl FromStr for VersionNumber {
    type Err = InvalidVersion;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        raw.trim().parse().map(Self).map_err(|_| InvalidVersion {
            version: raw.to_owned(),
        })
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_not_a_version() {
        assert_eq!(" 12 ".parse(), Ok(VersionNumber(12)));
        assert_eq!(
            "one".parse::<VersionNumber>().unwrap_err().to_string(),
            "Parameter 'version' must be an integer, got 'one'."
        );
    }
}
