//! Limits of texts that clients hand us and that no type of their own bounds, in characters. Where MLflow has a limit, it is MLflow's,
//! in its columns or its validation; `docs/limits.md` lists them all.

use crate::run::{BeyondLimit, MAX_TAG_VALUE, check_length};

/// A text and its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLimit {
    /// The most characters.
    pub most: usize,
}

impl TextLimit {
    /// Refuses a longer text, in MLflow's words.
    pub fn check(self, path: &str, text: &str) -> Result<(), BeyondLimit> {
        check_length(path, text, self.most)
    }
}

const fn most(most: usize) -> TextLimit {
    TextLimit { most }
}

/// A run's name: it is also the value of its tag `mlflow.runName`.
pub const RUN_NAME: TextLimit = most(MAX_TAG_VALUE);
/// Whose run it is: MLflow's column.
pub const USER: TextLimit = most(256);
/// The id of a run or logged model that a client names without our looking it up: ours have 34, and the index of each column takes it.
pub const FOREIGN_ID: TextLimit = most(250);
/// A dataset's name (MLflow).
pub const DATASET_NAME: TextLimit = most(500);
/// A dataset's digest (MLflow).
pub const DATASET_DIGEST: TextLimit = most(36);
/// The kind of a dataset's source: MLflow's column.
pub const DATASET_SOURCE_TYPE: TextLimit = most(36);
/// Where a dataset comes from (MLflow).
pub const DATASET_SOURCE: TextLimit = most(65_535);
/// A dataset's schema (MLflow).
pub const DATASET_SCHEMA: TextLimit = most(1_048_575);
/// A dataset's profile: MLflow's 16 MiB less one do not fit a request; this is what one holds beside its schema.
pub const DATASET_PROFILE: TextLimit = most(14_000_000);
/// The key of a tag of an input (MLflow).
pub const INPUT_TAG_KEY: TextLimit = most(255);
/// The value of a tag of an input (MLflow).
pub const INPUT_TAG_VALUE: TextLimit = most(500);
/// What a version was made from, and links: MLflow's limit of an artifact location, four times its column of a source.
pub const URI: TextLimit = most(2048);
/// A description of a model or a version: a long page, as much as a tag of a model holds.
pub const DESCRIPTION: TextLimit = most(100_000);
/// A logged model's name, and its type: MLflow's columns.
pub const LOGGED_MODEL_NAME: TextLimit = most(500);
/// The key of a param or tag of a logged model: MLflow's column.
pub const LOGGED_MODEL_KEY: TextLimit = most(255);
/// The value of a param or tag of a logged model: as much as a tag of a registered model holds.
pub const LOGGED_MODEL_VALUE: TextLimit = most(100_000);
/// The description of a model that an older client logs with a run.
pub const MODEL_JSON: TextLimit = most(100_000);
/// A filter of a search: some five thousand ids of runs in quotes.
pub const FILTER: TextLimit = most(200_000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_at_its_limit_passes_and_one_more_character_does_not() {
        assert!(DATASET_DIGEST.check("digest", &"ü".repeat(36)).is_ok());
        let refused = DATASET_DIGEST.check("digest", &"ü".repeat(37)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "'digest' exceeds the maximum length of 36 characters"
        );
    }
}
