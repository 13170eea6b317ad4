//! Aliases: movable names for a version.

use std::fmt;
use std::str::FromStr;

/// A well-formed alias. Whether it may be *set* is [`AliasName::check_settable`]'s question.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AliasName(String);

/// Why an alias is refused. The texts are MLflow's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAlias {
    /// Nothing was given.
    #[error("Registered model alias name cannot be empty.")]
    Empty,
    /// A character beyond letters, digits, `_` and `-`.
    #[error(
        "Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
    )]
    Character {
        /// What was given.
        alias: String,
    },
    /// Longer than MLflow allows.
    #[error(
        "'Registered model alias name' exceeds the maximum length of {MAX_ALIAS_CHARS} characters"
    )]
    TooLong,
    /// `latest` always means the newest version.
    #[error("'latest' alias name (case insensitive) is reserved.")]
    Latest,
    /// `v1` reads as a version number.
    #[error("Version alias name '{alias}' is reserved.")]
    VersionLike {
        /// What was given.
        alias: String,
    },
}

/// Longest alias, in characters (MLflow's limit).
const MAX_ALIAS_CHARS: usize = 255;

impl AliasName {
    /// The alias as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the reserved name of the newest version.
    pub fn is_latest(&self) -> bool {
        self.0.eq_ignore_ascii_case("latest")
    }

    /// Refuses the names that MLflow gives a meaning of its own: `latest` and `v` with a number.
    pub fn check_settable(&self) -> Result<(), InvalidAlias> {
        if self.is_latest() {
            return Err(InvalidAlias::Latest);
        }
        match self.0.strip_prefix(['v', 'V']) {
            Some(rest) if !rest.is_empty() && rest.chars().all(char::is_numeric) => {
                Err(InvalidAlias::VersionLike {
                    alias: self.0.clone(),
                })
            }
            _ => Ok(()),
        }
    }
}

impl FromStr for AliasName {
    type Err = InvalidAlias;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        if raw.is_empty() {
            return Err(InvalidAlias::Empty);
        }
        if !raw
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        {
            return Err(InvalidAlias::Character {
                alias: raw.to_owned(),
            });
        }
        if raw.chars().count() > MAX_ALIAS_CHARS {
            return Err(InvalidAlias::TooLong);
        }
        Ok(Self(raw.to_owned()))
    }
}

impl fmt::Display for AliasName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latest_and_version_numbers_can_not_be_set() {
        for raw in ["latest", "LATEST", "v1", "V22"] {
            assert!(
                raw.parse::<AliasName>().unwrap().check_settable().is_err(),
                "{raw}"
            );
        }
        for raw in ["champion", "v", "v1a", "1"] {
            assert!(
                raw.parse::<AliasName>().unwrap().check_settable().is_ok(),
                "{raw}"
            );
        }
    }

    #[test]
    fn aliases_with_reserved_characters_are_refused() {
        for raw in ["a/b", "a b", "a.b", "a@b", "../x"] {
            assert!(
                matches!(
                    raw.parse::<AliasName>(),
                    Err(InvalidAlias::Character { .. })
                ),
                "{raw}"
            );
        }
    }
}
