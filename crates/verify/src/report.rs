//! The report: one value, written in five forms. Pure.
//!
//! Sentences carry values in backticks and texts of servers already cleaned ([`crate::foreign`]); each writer escapes
//! everything once more for its own form. To add a form: a file here, and its ending in [`Form::of_file`].

mod html;
mod json;
mod junit;
mod markdown;
mod sentence;
mod terminal;

pub use terminal::Colour;

use crate::deployment::Deployment;
use crate::diagnosis::Cause;
use crate::verdict::{Overall, Verdict};

/// All that a report tells.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// When the run ended, milliseconds since 1970.
    pub date_ms: i64,
    /// What was checked.
    pub deployment: &'a Deployment,
    /// What of the key may be shown.
    pub masked_key: Option<String>,
    /// Check by check.
    pub verdict: &'a Verdict,
    /// Why, the most basic first.
    pub causes: &'a [Cause],
}

/// A form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people, and for tickets.
    Markdown,
    /// For programs.
    Json,
    /// For CI servers.
    Junit,
    /// For browsers; one file, no scripts.
    Html,
}

impl Form {
    /// By the ending of a file's name.
    pub fn of_file(name: &str) -> Option<Self> {
        let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
        Some(match ending.as_str() {
            "md" | "markdown" => Self::Markdown,
            "json" => Self::Json,
            "xml" => Self::Junit,
            "html" | "htm" => Self::Html,
            _ => return None,
        })
    }
}

impl Report<'_> {
    /// The report in a form.
    pub fn write(&self, form: Form) -> String {
        match form {
            Form::Markdown => markdown::write(self),
            Form::Json => json::write(self),
            Form::Junit => junit::write(self),
            Form::Html => html::write(self),
        }
    }

    /// The table for a terminal.
    pub fn terminal(&self, colour: Colour) -> String {
        terminal::write(self, colour)
    }

    /// The report as a JSON value.
    pub fn json(&self) -> serde_json::Value {
        json::value(self)
    }

    /// The whole in a sentence.
    fn summary(&self) -> String {
        use crate::verdict::State;
        let total = self.verdict.checks.len();
        let (passed, failed) = (
            self.verdict.count(State::Passed),
            self.verdict.count(State::Failed),
        );
        let missing = self.verdict.checks.iter().filter(|c| c.is_missing).count();
        match self.verdict.overall() {
            Overall::Passed => {
                format!(
                    "{passed} of {total} checks passed and none failed; the others had nothing to check or are only recorded."
                )
            }
            Overall::Failed => {
                format!(
                    "{failed} of {total} checks failed, {passed} passed, {missing} could not run."
                )
            }
            Overall::Incomplete => {
                format!(
                    "Nothing failed, and {missing} of {total} checks could not run: this proves nothing yet."
                )
            }
        }
    }

    /// `2025-07-21`.
    fn date(&self) -> String {
        day(u64::try_from(self.date_ms / 1000).unwrap_or_default())
    }

    /// `2025-07-21 14:05:09 UTC`.
    fn moment(&self) -> String {
        moment(self.date_ms)
    }
}

/// `2025-07-21` of seconds since 1970.
pub(crate) fn day(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    time::OffsetDateTime::from_unix_timestamp(seconds).map_or_else(
        |_| "a day beyond the calendar".to_owned(),
        |at| at.date().to_string(),
    )
}

fn moment(ms: i64) -> String {
    let format =
        time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    time::OffsetDateTime::from_unix_timestamp(ms / 1000)
        .ok()
        .and_then(|at| at.format(&format).ok())
        .unwrap_or_default()
}
