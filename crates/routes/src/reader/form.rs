//! The forms of text, and how they are told apart.

use super::node::Node;
use super::notes::Notes;
use super::{aws, json};
use crate::source::Source;

/// A form of text that a table is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Our own TOML.
    Toml,
    /// The JSON that `aws elbv2 describe-…` prints.
    Aws,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Toml, Self::Aws];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Toml => "toml",
            Self::Aws => "aws",
        }
    }

    /// The names of all, for messages.
    pub(super) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// The form of a text, by the name of its file and then by its content; `None` when it is none.
    pub fn of(source: &Source) -> Option<Self> {
        if has_ending(&source.name, ".toml") {
            return Some(Self::Toml);
        }
        let is_json = source.text.trim_start().starts_with('{');
        if is_json {
            return json::parse(source, &Notes::default()).and_then(|document| of_json(&document));
        }
        Some(Self::Toml)
    }
}

fn of_json(document: &Node) -> Option<Form> {
    aws::recognizes(document).then_some(Form::Aws)
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.to_ascii_lowercase().ends_with(ending)
}
