//! Runs, and the limits of what they log. The texts are MLflow's.

use crate::entity_key::MAX_KEY_CHARS;
use crate::experiment::Lifecycle;
use crate::random::Random;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStatus {
    /// In progress.
    Running,
    /// To be started.
    Scheduled,
    /// Ended well.
    Finished,
    /// Ended with an error.
    Failed,
    /// Ended from outside.
    Killed,
}

impl RunStatus {
    /// MLflow's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Scheduled => "SCHEDULED",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Killed => "KILLED",
        }
    }

    /// Reads MLflow's name.
    pub fn parse(raw: &str) -> Option<Self> {
        [
            Self::Running,
            Self::Scheduled,
            Self::Finished,
            Self::Failed,
            Self::Killed,
        ]
        .into_iter()
        .find(|status| status.as_str() == raw)
    }
}

/// A run without what it logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunInfo {
    /// The row's number, for the store.
    pub row_id: i64,
    /// 32 hexadecimal digits.
    pub run_id: String,
    /// Its experiment.
    pub experiment_id: i64,
    /// A name for people.
    pub name: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Whether it was deleted.
    pub lifecycle: Lifecycle,
    /// Milliseconds since 1970.
    pub start_ms: i64,
    /// Milliseconds since 1970.
    pub end_ms: Option<i64>,
    /// Who made it, as the client says.
    pub user_id: String,
    /// Where its artifacts are.
    pub artifact_uri: String,
}

/// A batch or a value beyond MLflow's limits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeyondLimit {
    /// Too many entries in a batch.
    #[error(
        "A batch logging request can contain at most {limit} {what}. Got {found} {what}. Please split up {what} across multiple requests and try again."
    )]
    Batch {
        /// What there are too many of.
        what: &'static str,
        /// How many may be in one batch.
        limit: usize,
        /// How many there are.
        found: usize,
    },
    /// A key or value is too long.
    #[error(
        "'{what}' can have at most {limit} entries, not {found}: split them across several requests"
    )]
    Count {
        /// The list.
        what: &'static str,
        /// How many it may have.
        limit: usize,
        /// How many it has.
        found: usize,
    },
    /// A key or value is too long.
    #[error("'{path}' exceeds the maximum length of {limit} characters")]
    Length {
        /// Which field, as a path into the request.
        path: String,
        /// How long it may be.
        limit: usize,
    },
}

/// Checks the numbers of a batch.
pub const fn check_batch(metrics: usize, params: usize, tags: usize) -> Result<(), BeyondLimit> {
    let limits = [
        ("metrics", MOST_METRICS, metrics),
        ("params", MOST_PARAMS_OR_TAGS, params),
        ("tags", MOST_PARAMS_OR_TAGS, tags),
        (
            "metrics, params, and tags",
            MOST_ENTITIES,
            metrics + params + tags,
        ),
    ];
    let mut index = 0;
    while index < limits.len() {
        #[expect(
            clippy::indexing_slicing,
            reason = "the loop ends at the array's length; iterators are not const"
        )]
        let (what, limit, found) = limits[index];
        if found > limit {
            return Err(BeyondLimit::Batch { what, limit, found });
        }
        index += 1;
    }
    Ok(())
}

/// Checks how many entries a list of a request has.
pub const fn check_count(
    what: &'static str,
    found: usize,
    limit: usize,
) -> Result<(), BeyondLimit> {
    if found > limit {
        return Err(BeyondLimit::Count { what, limit, found });
    }
    Ok(())
}

/// Checks the length of a key, a param's value or a tag's value.
pub fn check_length(path: &str, text: &str, limit: usize) -> Result<(), BeyondLimit> {
    if text.len() > limit && text.chars().count() > limit {
        return Err(BeyondLimit::Length {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(())
}

/// Cuts a value to `limit` characters: the real server does so with params and tags by default.
pub fn truncated(mut text: String, limit: usize) -> String {
    if text.len() > limit
        && let Some((end, _)) = text.char_indices().nth(limit)
    {
        text.truncate(end);
    }
    text
}

/// Metrics of one batch (MLflow's limit).
const MOST_METRICS: usize = 1000;
/// Params, and tags, of one batch (MLflow's limit).
const MOST_PARAMS_OR_TAGS: usize = 100;
/// All of one batch together (MLflow's limit).
const MOST_ENTITIES: usize = 1000;
/// Longest key, in characters.
pub const MAX_KEY: usize = MAX_KEY_CHARS;
/// Longest value of a param, in characters.
pub const MAX_PARAM_VALUE: usize = 6000;
/// Longest value of a tag, in characters.
pub const MAX_TAG_VALUE: usize = 8000;

/// A name for a run that was given none: two words and a number, easy to say.
pub fn random_name(random: &dyn Random) -> String {
    let mut bytes = [0_u8; 4];
    random.fill(&mut bytes);
    let [first, second, high, low] = bytes;
    let pick = |words: &[&'static str], byte: u8| {
        words
            .get(usize::from(byte) % words.len())
            .copied()
            .unwrap_or("run")
    };
    let number = u16::from_be_bytes([high, low]) % 1000;
    format!(
        "{}-{}-{number}",
        pick(&ADJECTIVES, first),
        pick(&NOUNS, second)
    )
}

const ADJECTIVES: [&str; 24] = [
    "amber", "bold", "brisk", "calm", "clear", "cobalt", "crisp", "deep", "eager", "fair",
    "gentle", "indigo", "keen", "light", "lively", "mellow", "patient", "quick", "quiet", "rising",
    "silver", "steady", "swift", "vivid",
];
const NOUNS: [&str; 24] = [
    "bay", "bridge", "brush", "cedar", "cliff", "cloud", "crane", "current", "fuji", "harbor",
    "heron", "island", "kite", "lantern", "maple", "pine", "rain", "river", "sail", "shore",
    "summit", "tide", "wave", "wind",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_at_its_limits_passes_and_one_more_does_not() {
        assert_eq!(check_batch(800, 100, 100), Ok(()));
        assert!(check_batch(801, 100, 100).is_err());
        assert!(check_batch(0, 101, 0).is_err());
        assert!(check_batch(1001, 0, 0).is_err());
    }

    #[test]
    fn a_value_is_cut_between_characters() {
        assert_eq!(truncated("üüü".to_owned(), 2), "üü");
        assert_eq!(truncated("abc".to_owned(), 3), "abc");
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert_eq!(check_length("key", &"ü".repeat(250), 250), Ok(()));
        assert!(check_length("key", &"ü".repeat(251), 250).is_err());
    }
}
