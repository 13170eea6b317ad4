//! Which texts can stand in each part of a request.

use super::states::{Part, SEPARATOR};
use crate::model::HostPort;

/// Which requests are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strictness {
    /// Such as a well-behaved client sends.
    Sendable,
    /// All of visible ASCII.
    Visible,
}

/// A small automaton per part; state 0 is the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validity {
    pub(super) strictness: Strictness,
    pub(super) host_port: HostPort,
}

impl Validity {
    /// The bytes that may occur, those that read well first. Only lower case where letter case does not count.
    pub(super) fn bytes(self, part: &Part) -> Vec<u8> {
        let mut bytes: Vec<u8> = (b'a'..=b'z').chain(b'0'..=b'9').collect();
        match (part, self.strictness) {
            (Part::Host, Strictness::Sendable) => bytes.extend(b"-.:"),
            (Part::Path, Strictness::Sendable) => {
                bytes.extend(b'A'..=b'Z');
                bytes.extend(b"/-._~!$&'()*+,;=:@\"");
            }
            (Part::Header(_), Strictness::Sendable) => bytes.extend(b"-._~!$&'()*+,;=:@/ \"?%"),
            (Part::Query, Strictness::Sendable) => bytes.extend(b"-._~!$'()*,;:@/?\x1f"),
            (_, Strictness::Visible) => {
                let others = (b'!'..=b'~').filter(|byte| !byte.is_ascii_alphanumeric());
                bytes.extend(others);
                match part {
                    Part::Path => bytes.extend(b'A'..=b'Z'),
                    Part::Header(_) => bytes.push(b' '),
                    Part::Query => bytes.push(SEPARATOR),
                    Part::Host => {}
                }
            }
        }
        bytes
    }

    /// The state after `byte`, `None` when it may not stand here.
    pub(super) fn step(self, part: &Part, state: u8, byte: u8) -> Option<u8> {
        match (part, self.strictness) {
            (Part::Host, Strictness::Visible) => Some(NAME),
            (Part::Host, Strictness::Sendable) => self.step_host(state, byte),
            (Part::Path, Strictness::Visible) if matches!(byte, b'?' | b'#') => None,
            (Part::Path, _) => (state == NAME || byte == b'/').then_some(NAME),
            // A parser cuts spaces at either end.
            (Part::Header(_), _) => match (state, byte) {
                (START, b' ') => None,
                (_, b' ') => Some(SPACE),
                _ => Some(NAME),
            },
            (Part::Query, strictness) => match (state, byte) {
                (_, b'&' | b'#') | (VALUE, SEPARATOR) => None,
                (START, SEPARATOR) if strictness == Strictness::Sendable => None,
                (VALUE, _) | (_, SEPARATOR) => Some(VALUE),
                (_, b'=') => None,
                _ => Some(NAME),
            },
        }
    }

    /// Labels that are not empty and neither start nor end with `-`, then perhaps a port.
    fn step_host(self, state: u8, byte: u8) -> Option<u8> {
        match (state, byte) {
            (COLON | PORT, b'0'..=b'9') => Some(PORT),
            (COLON | PORT, _) => None,
            (_, b'a'..=b'z' | b'0'..=b'9') => Some(NAME),
            (NAME | HYPHEN, b'-') => Some(HYPHEN),
            (NAME, b'.') => Some(START),
            (NAME, b':') if self.host_port == HostPort::Compared => Some(COLON),
            _ => None,
        }
    }
}

/// Whether the text may end.
pub(super) fn accepts(part: &Part, state: u8) -> bool {
    match part {
        Part::Host => matches!(state, NAME | PORT),
        Part::Path => state == NAME,
        Part::Header(_) => state != SPACE,
        Part::Query => state == VALUE,
    }
}

/// Start of a text, or of a label.
pub(super) const START: u8 = 0;
const NAME: u8 = 1;
const HYPHEN: u8 = 2;
const COLON: u8 = 3;
const PORT: u8 = 4;
const VALUE: u8 = 5;
const SPACE: u8 = 6;
