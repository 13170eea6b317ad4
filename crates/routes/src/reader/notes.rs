//! What a reader did not understand, and objects that are read name by name.

use std::cell::{Cell, RefCell};

use super::node::{Kind, Node};
use super::{ASSUMED, INCOMPLETE, UNREADABLE, UNRESOLVED};
use crate::finding::{Code, Finding, Severity};
use crate::source::Span;

/// What could not be read so far.
#[derive(Debug, Default)]
pub(super) struct Notes {
    findings: RefCell<Vec<Finding>>,
    left_out: Cell<usize>,
}

impl Notes {
    /// Reports what is not of the form.
    pub(super) fn unreadable(&self, span: Span, message: impl Into<String>, help: &str) {
        self.add(UNREADABLE, Some(span), message, help);
    }

    /// Reports what the text does not say by itself.
    pub(super) fn unresolved(&self, span: Span, message: impl Into<String>, help: &str) {
        self.add(UNRESOLVED, Some(span), message, help);
    }

    /// Reports that a part of the table is not in the texts.
    pub(super) fn incomplete(&self, span: Span, message: impl Into<String>, help: &str) {
        self.add(INCOMPLETE, Some(span), message, help);
    }

    /// Says what was taken for granted. Fails nothing.
    pub(super) fn assumed(&self, span: Option<Span>, message: impl Into<String>, help: &str) {
        let finding = Finding::new(ASSUMED, message, help).severity(Severity::Note);
        self.push(finding.at(span));
    }

    fn add(&self, code: Code, span: Option<Span>, message: impl Into<String>, help: &str) {
        self.push(Finding::new(code, message, help).at(span));
    }

    fn push(&self, finding: Finding) {
        let mut findings = self.findings.borrow_mut();
        if findings.len() < MAX_FINDINGS {
            findings.push(finding);
        } else {
            self.left_out.set(self.left_out.get() + 1);
        }
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        let mut findings = self.findings.into_inner();
        let left_out = self.left_out.get();
        if left_out > 0 {
            let message = format!("{left_out} more findings about the texts are not shown");
            findings.push(Finding::new(UNREADABLE, message, "correct those first"));
        }
        findings
    }

    /// Reports a value that is not what it should be.
    pub(super) fn wrong(&self, what: &str, node: &Node, wanted: &str) {
        match &node.kind {
            Kind::Unknown(why) => {
                let message = format!("`{what}` can't be worked out: {why}");
                self.unresolved(node.span, message, UNRESOLVED_HELP);
            }
            Kind::Sensitive => {
                let message = format!("`{what}` is marked as sensitive, so it is not looked at");
                self.unresolved(
                    node.span,
                    message,
                    "routing must not depend on secrets: unmark it",
                );
            }
            Kind::Reference(address) => {
                let message = format!("`{what}` is the identity of `{address}`, not {wanted}");
                self.unresolved(node.span, message, UNRESOLVED_HELP);
            }
            _ => {
                let message = format!("`{what}` is {}, not {wanted}", node.type_name());
                self.unreadable(node.span, message, "write it as the form's reference shows");
            }
        }
    }

    /// The text of a value, or a report that it has none. Numbers and booleans are text too, as in Terraform.
    pub(super) fn text(&self, what: &str, node: &Node) -> Option<String> {
        match &node.kind {
            Kind::Text(text) | Kind::Number(text) => Some(text.clone()),
            Kind::Bool(flag) => Some(flag.to_string()),
            _ => {
                self.wrong(what, node, "a string");
                None
            }
        }
    }

    /// The whole number of a value, which may be written as text, or a report that it is none.
    pub(super) fn number<N: TryFrom<u64>>(&self, what: &str, node: &Node) -> Option<N> {
        let (Kind::Number(digits) | Kind::Text(digits)) = &node.kind else {
            self.wrong(what, node, "a whole number");
            return None;
        };
        let number = digits.parse::<u64>().ok().and_then(|n| N::try_from(n).ok());
        if number.is_none() {
            let shown: String = digits.chars().take(MAX_SHOWN).collect();
            let message = format!("`{what}` is `{shown}`, not a whole number in its range");
            self.unreadable(node.span, message, "write a number such as `10`");
        }
        number
    }

    /// The truth of a value, or a report that it has none.
    pub(super) fn flag(&self, what: &str, node: &Node) -> Option<bool> {
        match &node.kind {
            Kind::Bool(flag) => Some(*flag),
            Kind::Text(text) if text == "true" || text == "false" => Some(text == "true"),
            _ => {
                self.wrong(what, node, "`true` or `false`");
                None
            }
        }
    }

    /// The texts of a list.
    pub(super) fn texts(&self, what: &str, node: &Node) -> Vec<String> {
        let texts = self.list(what, node).iter();
        texts.filter_map(|node| self.text(what, node)).collect()
    }

    /// The elements of a list, or a report that it is none.
    pub(super) fn list<'a>(&self, what: &str, node: &'a Node) -> &'a [Node] {
        match &node.kind {
            Kind::List(elements) => elements,
            Kind::Null => &[],
            _ => {
                self.wrong(what, node, "a list");
                &[]
            }
        }
    }

    /// An object that is read name by name, or a report that it is none.
    pub(super) fn record<'n, 'a>(&'n self, what: &str, node: &'a Node) -> Option<Record<'n, 'a>> {
        if let Kind::Object(_) = node.kind {
            return Some(Record {
                notes: self,
                node,
                asked: RefCell::default(),
            });
        }
        self.wrong(what, node, "an object");
        None
    }

    /// The objects of a list, or of a single object.
    pub(super) fn records<'n, 'a>(&'n self, what: &str, node: &'a Node) -> Vec<Record<'n, 'a>> {
        let each = node.each().iter();
        each.filter_map(|node| self.record(what, node)).collect()
    }
}

/// An object that is read name by name.
pub(super) struct Record<'n, 'a> {
    notes: &'n Notes,
    /// The object.
    pub(super) node: &'a Node,
    asked: RefCell<Vec<&'static str>>,
}

impl<'n, 'a> Record<'n, 'a> {
    pub(super) fn notes(&self) -> &'n Notes {
        self.notes
    }

    pub(super) fn span(&self) -> Span {
        self.node.span
    }

    /// The value called `key`, unless it is absent or null.
    pub(super) fn get(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(key);
        self.node.get(key)
    }

    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        self.notes.text(key, self.get(key)?)
    }

    pub(super) fn number<N: TryFrom<u64>>(&self, key: &'static str) -> Option<N> {
        self.notes.number(key, self.get(key)?)
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        self.notes.flag(key, self.get(key)?)
    }

    /// The objects of the list called `key`, or its single object.
    pub(super) fn records(&self, key: &'static str) -> Vec<Record<'n, 'a>> {
        match self.get(key) {
            Some(node) => self.notes.records(key, node),
            None => Vec::new(),
        }
    }

    /// One of several words; another is reported.
    pub(super) fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let node = self.get(key)?;
        let text = self.notes.text(key, node)?;
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, meaning)| *meaning);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let shown: String = text.chars().take(MAX_SHOWN).collect();
            let message = format!("`{key}` is `{shown}`, none of `{}`", known.join("`, `"));
            self.notes
                .unreadable(node.span, message, "use one of these words");
        }
        found
    }

    /// Reports that something which must be there is not.
    pub(super) fn missing(&self, what: &str) {
        self.notes
            .unreadable(self.span(), format!("`{what}` is missing"), "add it");
    }

    /// Reports the names with a value that nobody asked for: what is not known might decide where requests go.
    pub(super) fn refuse_others(&self) {
        let asked = self.asked.borrow();
        for entry in self.node.entries() {
            let is_empty = entry.value.each().is_empty();
            if asked.contains(&entry.key.as_str()) || is_empty {
                continue;
            }
            let shown: String = entry.key.chars().take(MAX_SHOWN).collect();
            let message =
                format!("`{shown}` is not known here, and might decide where requests go");
            let help = format!("known are `{}`", asked.join("`, `"));
            self.notes.unreadable(entry.key_span, message, &help);
        }
    }
}

/// Most findings of one reading: whoever has more has one cause.
const MAX_FINDINGS: usize = 200;
/// Most characters of a wrong value that a message repeats.
const MAX_SHOWN: usize = 60;
const UNRESOLVED_HELP: &str =
    "write it out, or check the plan (`terraform show -json`), where it may be known";
