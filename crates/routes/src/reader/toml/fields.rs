//! A TOML table that is read key by key, and reports what it does not know.

use std::cell::RefCell;
use std::ops::Range;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use crate::finding::Finding;
use crate::reader::UNREADABLE;
use crate::source::{Source, Span};

/// What could not be read so far.
pub(super) struct Notes<'s> {
    source: &'s Source,
    findings: RefCell<Vec<Finding>>,
}

/// A table of the text and the keys that were asked for.
pub(super) struct Fields<'n, 'a> {
    notes: &'n Notes<'n>,
    table: &'a DeTable<'a>,
    bytes: Range<usize>,
    asked: RefCell<Vec<String>>,
}

/// A value with its place.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

impl<'s> Notes<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        Self {
            source,
            findings: RefCell::default(),
        }
    }

    pub(super) fn report(&self, bytes: Range<usize>, message: impl Into<String>, help: &str) {
        let finding = Finding::new(UNREADABLE, message, help).at(Some(self.source.span(bytes)));
        self.findings.borrow_mut().push(finding);
    }

    pub(super) fn span(&self, bytes: Range<usize>) -> Span {
        self.source.span(bytes)
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings.into_inner()
    }

    /// The text of a value, or a report that it is none.
    pub(super) fn text(&self, value: &Value<'_>) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong_type(value, "a string");
        }
        text
    }

    /// The number of a value, or a report that it is none of the type's range.
    pub(super) fn number<N: TryFrom<u64>>(&self, value: &Value<'_>) -> Option<N> {
        let digits = value
            .get_ref()
            .as_integer()
            .filter(|number| number.radix() == 10);
        let number = digits.and_then(|d| d.as_str().replace('_', "").parse::<u64>().ok());
        let number = number.and_then(|number| N::try_from(number).ok());
        if number.is_none() {
            self.wrong_type(
                value,
                "a whole number that is not negative and not too large",
            );
        }
        number
    }

    pub(super) fn wrong_type(&self, value: &Value<'_>, wanted: &str) {
        let message = format!("expected {wanted}, found {}", value.get_ref().type_str());
        self.report(
            value.span(),
            message,
            "write it as the documentation of the form shows",
        );
    }

    /// The elements of a list, or the value itself.
    pub(super) fn each<'v, 'a>(value: &'v Value<'a>) -> Vec<&'v Value<'a>> {
        match value.get_ref().as_array() {
            Some(list) => list.iter().collect(),
            None => vec![value],
        }
    }

    /// The strings of a list or of a single value.
    pub(super) fn texts(&self, value: &Value<'_>) -> Vec<String> {
        Self::each(value)
            .into_iter()
            .filter_map(|value| self.text(value))
            .collect()
    }

    /// The table of a value, or a report that it is none.
    pub(super) fn fields<'a>(&'s self, value: &'a Value<'a>) -> Option<Fields<'s, 'a>> {
        if let Some(table) = value.get_ref().as_table() {
            return Some(Fields::new(self, table, value.span()));
        }
        self.wrong_type(value, "a table");
        None
    }
}

impl<'n, 'a> Fields<'n, 'a> {
    pub(super) fn new(notes: &'n Notes<'n>, table: &'a DeTable<'a>, bytes: Range<usize>) -> Self {
        Self {
            notes,
            table,
            bytes,
            asked: RefCell::default(),
        }
    }

    pub(super) fn notes(&self) -> &'n Notes<'n> {
        self.notes
    }

    pub(super) fn span(&self) -> Span {
        self.notes.span(self.bytes.clone())
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value<'a>> {
        self.asked.borrow_mut().push(key.to_owned());
        self.table
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map(|(_, value)| value)
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(|value| self.notes.text(value))
    }

    pub(super) fn number<N: TryFrom<u64>>(&self, key: &str) -> Option<N> {
        self.get(key).and_then(|value| self.notes.number(value))
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.notes.wrong_type(value, "`true` or `false`");
        }
        flag
    }

    /// One of several words; another is reported.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let value = self.get(key)?;
        let text = self.notes.text(value)?;
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, meaning)| *meaning);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let message = format!("`{text}` is none of `{}`", known.join("`, `"));
            self.notes
                .report(value.span(), message, "use one of these words");
        }
        found
    }

    /// The tables of a list of tables.
    pub(super) fn tables(&self, key: &str) -> Vec<Fields<'n, 'a>> {
        let values = self.get(key).map(Notes::each).unwrap_or_default();
        values
            .into_iter()
            .filter_map(|value| self.notes.fields(value))
            .collect()
    }

    /// All entries in the order of the text, for tables whose keys are names.
    pub(super) fn entries(&self) -> Vec<(String, &'a Value<'a>, Range<usize>)> {
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), value, key.span()))
            .collect();
        entries.sort_by_key(|(_, _, bytes)| bytes.start);
        entries
    }

    /// Reports that a key which must be there is not.
    pub(super) fn missing(&self, key: &str) {
        let message = format!("`{key}` is missing");
        self.notes.report(self.bytes.clone(), message, "add it");
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn refuse_others(&self) {
        let asked = self.asked.borrow();
        for (key, _, bytes) in self.entries() {
            if asked.contains(&key) {
                continue;
            }
            let near = asked.iter().find(|name| is_near(name, &key));
            let help = match near {
                Some(name) => format!("write `{name}`"),
                None => format!("known keys are `{}`", asked.join("`, `")),
            };
            self.notes
                .report(bytes, format!("`{key}` is not a known key"), &help);
        }
    }
}

/// Whether one letter or a plural separates the words: same start and same end around at most two letters.
fn is_near(a: &str, b: &str) -> bool {
    let same_start = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let shorter = a.len().min(b.len());
    let room = shorter - same_start.min(shorter);
    let ends = a.bytes().rev().zip(b.bytes().rev()).take(room);
    let same_end = ends.take_while(|(x, y)| x == y).count();
    same_start > 0 && a.len().max(b.len()) - same_start - same_end <= 2
}
