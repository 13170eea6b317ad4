//! What must not be shown is struck out of the text itself, byte for byte, so that no output can show it.

use super::node::{Kind, Node};
use crate::source::{Source, Span};

/// What of the texts may be shown.
#[derive(Debug, Default)]
pub(super) struct Redaction {
    /// Shown although the rest of the text is not.
    shown: Vec<Span>,
    /// Not shown.
    secret: Vec<Span>,
}

impl Redaction {
    /// The value may be shown, but for secrets in it.
    pub(super) fn show(&mut self, span: Span) {
        self.shown.push(span);
    }

    /// The value may not be shown, wherever it is.
    pub(super) fn hide(&mut self, span: Span) {
        self.secret.push(span);
    }

    /// Hides the values whose names say that they are secrets.
    pub(super) fn hide_secrets_of(&mut self, node: &Node) {
        for entry in node.entries() {
            if is_secret(&entry.key) {
                self.hide(entry.value.span);
            } else {
                self.hide_secrets_of(&entry.value);
            }
        }
        if let Kind::List(elements) = &node.kind {
            for node in elements {
                self.hide_secrets_of(node);
            }
        }
    }

    /// The text without its secrets.
    pub(super) fn without_secrets(&self, source: &Source) -> Source {
        let mut bytes = source.text.clone().into_bytes();
        for span in self.secret.iter().filter(|s| s.source == source.id) {
            strike(bytes.get_mut(span.start..span.end));
        }
        with_text(source, bytes)
    }

    /// The text without anything that was not said to be shown. Of a plan only the load balancer's part is.
    pub(super) fn only_shown(&self, source: &Source) -> Source {
        let mut bytes = source.text.clone().into_bytes();
        let original = bytes.clone();
        strike(Some(&mut bytes));
        for span in self.shown.iter().filter(|s| s.source == source.id) {
            let range = span.start..span.end;
            if let (Some(to), Some(from)) = (bytes.get_mut(range.clone()), original.get(range)) {
                to.copy_from_slice(from);
            }
        }
        for span in self.secret.iter().filter(|s| s.source == source.id) {
            strike(bytes.get_mut(span.start..span.end));
        }
        with_text(source, bytes)
    }
}

/// The text of a source that could not be taken apart: without the rest of each line that names a secret.
pub(super) fn by_line(source: &Source) -> Source {
    without_lines(source, &SECRETS)
}

/// The text of a plan or state that could not be taken apart: its shape, and nothing that is written in it.
pub(super) fn nothing_shown(source: &Source) -> Source {
    Redaction::default().only_shown(source)
}

/// The text of our own form, which names one secret only.
pub(super) fn of_toml(source: &Source) -> Source {
    without_lines(source, &["client_secret"])
}

fn without_lines(source: &Source, names: &[&str]) -> Source {
    let mut bytes = source.text.clone().into_bytes();
    for line in bytes.split_mut(|byte| *byte == b'\n') {
        let lower = String::from_utf8_lossy(line).to_lowercase();
        if names.iter().any(|name| lower.contains(name)) {
            strike(Some(line));
        }
    }
    with_text(source, bytes)
}

/// The source without its text.
pub(super) fn nothing_of(source: &Source) -> Source {
    Source {
        text: String::new(),
        ..source.clone()
    }
}

/// Whether the name of a value says that it is a secret, in the spelling of any form.
pub(super) fn is_secret(name: &str) -> bool {
    SECRETS
        .iter()
        .any(|secret| secret.eq_ignore_ascii_case(name))
}

fn with_text(source: &Source, bytes: Vec<u8>) -> Source {
    Source {
        text: String::from_utf8(bytes).unwrap_or_default(),
        ..source.clone()
    }
}

/// Replaces all but line ends, spaces and punctuation, so that places stay what they were.
fn strike(bytes: Option<&mut [u8]>) {
    for byte in bytes.unwrap_or_default() {
        if !byte.is_ascii() || byte.is_ascii_alphanumeric() {
            *byte = b'*';
        }
    }
}

const SECRETS: [&str; 6] = [
    "client_secret",
    "clientsecret",
    "password",
    "secret",
    "private_key",
    "token",
];
