//! Tags of registered models and of their versions.

use crate::entity_key::{InvalidEntityKey, MAX_KEY_CHARS, check_key};

/// The tag that makes a registered model a prompt; prompts are hidden from model search.
pub const IS_PROMPT_TAG: &str = "mlflow.prompt.is_prompt";

/// Longest value of a tag, in characters (MLflow's limit).
const MAX_VALUE_CHARS: usize = 100_000;

/// A checked key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelTag {
    key: String,
    value: String,
}

/// Why a tag is refused. The texts are MLflow's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidModelTag {
    /// The key breaks the rule of all keys.
    #[error(transparent)]
    Key(#[from] InvalidEntityKey),
    /// The key is too long.
    #[error("'key' exceeds the maximum length of {MAX_KEY_CHARS} characters")]
    KeyTooLong,
    /// The value is too long.
    #[error("'value' exceeds the maximum length of {MAX_VALUE_CHARS} characters")]
    ValueTooLong,
}

impl ModelTag {
    /// Checks key and value.
    pub fn new(key: &str, value: &str) -> Result<Self, InvalidModelTag> {
        check_key(key, "key")?;
        if key.chars().count() > MAX_KEY_CHARS {
            return Err(InvalidModelTag::KeyTooLong);
        }
        if value.chars().count() > MAX_VALUE_CHARS {
            return Err(InvalidModelTag::ValueTooLong);
        }
        Ok(Self {
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether this tag makes its model a prompt.
    pub fn marks_a_prompt(&self) -> bool {
        self.key == IS_PROMPT_TAG && self.value.eq_ignore_ascii_case("true")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_mlflows() {
        assert!(ModelTag::new("k", &"v".repeat(100_000)).is_ok());
        assert_eq!(
            ModelTag::new("k", &"v".repeat(100_001)),
            Err(InvalidModelTag::ValueTooLong)
        );
        assert_eq!(
            ModelTag::new(&"k".repeat(251), "v"),
            Err(InvalidModelTag::KeyTooLong)
        );
    }
}
