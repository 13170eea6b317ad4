//! Paths of artifacts. An [`ArtifactPath`] can't leave the root that it is joined to.

use std::fmt;
use std::str::FromStr;

/// A relative path of one or more plain segments.
///
/// The text is what a client *means*: the server has decoded it exactly once. So `%` is an ordinary character here,
/// while everything that a file system or a second parser could read as something else is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArtifactPath(String);

/// Why a path is refused. Clients see MLflow's two words; the cause stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid path")]
pub struct InvalidArtifactPath {
    /// What is wrong with it.
    pub cause: PathFault,
}

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFault {
    /// Nothing is left of it.
    Empty,
    /// Begins with `/`.
    Absolute,
    /// An empty segment, `.` or `..`.
    Segment,
    /// A backslash, `#`, NUL or another control character.
    Character,
    /// Begins like a URI or a drive: `file:`, `c:`.
    Scheme,
    /// A second decoding would set a dot segment or a leading slash free.
    Encoded,
    /// Longer than file systems take.
    TooLong,
}

/// Longest path, in bytes: below the 4096 of Linux, with room for the root, and below the 2704 that an entry of an index of PostgreSQL holds.
pub const MAX_PATH_BYTES: usize = 2500;
/// Longest segment, in bytes: what common file systems allow, less the suffix of a temporary file.
pub const MAX_SEGMENT_BYTES: usize = 240;

impl ArtifactPath {
    /// The path as text, without a leading or trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments in order; never empty.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The last segment.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// `self/below`.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        Self(format!("{}/{}", self.0, below.0))
    }

    /// Whether this is `other` or lies below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0
            .strip_prefix(&other.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// This path and all above it, the longest first: `a/b/c`, `a/b`, `a`.
    pub fn ancestors(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.0.as_str()), |path| {
            path.rsplit_once('/').map(|(head, _)| head)
        })
    }
}

impl FromStr for ArtifactPath {
    type Err = InvalidArtifactPath;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        match fault(raw) {
            Some(cause) => Err(InvalidArtifactPath { cause }),
            None => Ok(Self(raw.to_owned())),
        }
    }
}

impl fmt::Display for ArtifactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn fault(raw: &str) -> Option<PathFault> {
    if raw.is_empty() {
        return Some(PathFault::Empty);
    }
    if raw.starts_with('/') {
        return Some(PathFault::Absolute);
    }
    if raw.len() > MAX_PATH_BYTES {
        return Some(PathFault::TooLong);
    }
    if raw.contains(|c: char| c.is_control() || matches!(c, '\\' | '#' | '\u{2028}' | '\u{2029}')) {
        return Some(PathFault::Character);
    }
    if has_scheme(raw) {
        return Some(PathFault::Scheme);
    }
    if decodes_to_traversal(raw) {
        return Some(PathFault::Encoded);
    }
    raw.split('/').find_map(|segment| match segment {
        "" | "." | ".." => Some(PathFault::Segment),
        segment if segment.len() > MAX_SEGMENT_BYTES => Some(PathFault::TooLong),
        _ => None,
    })
}

/// Whether the first segment begins like a URI with a path (`file:/…` is refused, `a:b` is a name) or is a drive.
fn has_scheme(raw: &str) -> bool {
    let head = raw.split('/').next().unwrap_or(raw);
    let Some((scheme, rest)) = head.split_once(':') else {
        return false;
    };
    let is_scheme = scheme
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme && (rest.is_empty() || scheme.len() == 1 || scheme.eq_ignore_ascii_case("file"))
}

/// Whether decoding again, as often as one likes, would yield a dot segment or an absolute path. Nothing here decodes
/// again; this is for the day when somebody does. Names such as `dog%step%0%timestamp%1700000000%2f…` are real and pass.
fn decodes_to_traversal(raw: &str) -> bool {
    any_decoding(raw, |_, decoded| {
        let is_separator = |b: &u8| matches!(b, b'/' | b'\\');
        decoded.first().is_some_and(is_separator)
            || decoded
                .split(is_separator)
                .any(|segment| segment == b".." || segment == b".")
    })
}

/// Whether a URI still holds an encoded separator, dot segment or control character. Stricter than for paths: URIs
/// name models and places, never the odd files within.
pub(crate) fn holds_encoding(raw: &str) -> bool {
    any_decoding(raw, |before, decoded| {
        let slashes = |bytes: &[u8]| bytes.split(|b| *b == b'/').count();
        let is_dangerous = |b: &u8| matches!(b, b'\\' | b'#' | b'?') || b.is_ascii_control();
        slashes(decoded) != slashes(before)
            || decoded.iter().any(is_dangerous)
            || decoded
                .split(|b| *b == b'/')
                .any(|segment| segment == b".." || segment == b".")
    })
}

/// Whether `is_bad` holds for any of the texts that repeated decoding yields, given each with the one before it.
fn any_decoding(raw: &str, is_bad: impl Fn(&[u8], &[u8]) -> bool) -> bool {
    let mut text = raw.as_bytes().to_vec();
    for _ in 0..MAX_DECODINGS {
        let (decoded, changed) = percent_decode(&text);
        if !changed {
            return false;
        }
        if is_bad(&text, &decoded) {
            return true;
        }
        text = decoded;
    }
    true
}

/// How many layers of encoding are looked through; deeper ones are refused unseen.
const MAX_DECODINGS: usize = 8;

fn percent_decode(raw: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    let mut changed = false;
    while let Some((&first, tail)) = rest.split_first() {
        if let (b'%', Some((hex, after))) = (first, tail.split_first_chunk::<2>())
            && let (Some(high), Some(low)) = (hex_digit(hex[0]), hex_digit(hex[1]))
        {
            out.push(high * 16 + low);
            rest = after;
            changed = true;
        } else {
            out.push(first);
            rest = tail;
        }
    }
    (out, changed)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests;
