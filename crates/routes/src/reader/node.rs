//! A value of a text with its place: what the JSON forms and Terraform's source are read through.

use crate::source::Span;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// What it is.
    pub(super) kind: Kind,
    /// Where it was written.
    pub(super) span: Span,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written.
    Number(String),
    /// Text, its escapes undone.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Named values in the order of the text.
    Object(Vec<Entry>),
    /// The identity (ARN) of another resource, which only exists once that is made; holds its Terraform address.
    Reference(String),
    /// Can't be known from the text; holds why, as the end of a sentence.
    Unknown(String),
    /// Must not be shown.
    Sensitive,
}

/// A named value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its name.
    pub(super) key: String,
    /// Where the name was written.
    pub(super) key_span: Span,
    /// The value.
    pub(super) value: Node,
}

impl Node {
    /// The value called `key`, unless it is absent or null.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let found = self.entries().iter().find(|entry| entry.key == key)?;
        (!found.value.is_null()).then_some(&found.value)
    }

    /// The value below several names.
    pub(super) fn find(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of an object; none of anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list; of a single value, that value; of nothing, none.
    pub(super) fn each(&self) -> &[Self] {
        match &self.kind {
            Kind::List(elements) => elements,
            Kind::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The text, if it is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    pub(super) fn is_true(&self) -> bool {
        matches!(self.kind, Kind::Bool(true))
    }

    /// What it is, for messages that expected something else.
    pub(super) fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a string",
            Kind::List(_) => "a list",
            Kind::Object(_) => "an object",
            Kind::Reference(_) => "a reference",
            Kind::Unknown(_) => "an unknown value",
            Kind::Sensitive => "a sensitive value",
        }
    }
}
