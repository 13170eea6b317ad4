//! Our sentences: plain text with values in backticks.

/// A part of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'s> {
    /// Words.
    Plain(&'s str),
    /// A value.
    Code(&'s str),
}

/// The parts; a backtick without its partner is dropped.
pub(super) fn pieces(sentence: &str) -> Vec<Piece<'_>> {
    let parts: Vec<&str> = sentence.split('`').collect();
    let last = parts.len().saturating_sub(1);
    parts
        .into_iter()
        .enumerate()
        .filter(|(_, text)| !text.is_empty())
        .map(|(index, text)| {
            if index % 2 == 1 && index != last {
                Piece::Code(text)
            } else {
                Piece::Plain(text)
            }
        })
        .collect()
}

/// The sentence with a capital letter and a full stop, for prose.
pub(super) fn prose(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let mut out: String = chars
        .next()
        .map(|first| first.to_uppercase().collect())
        .unwrap_or_default();
    out.push_str(chars.as_str());
    if !out.ends_with(['.', '!', '?']) {
        out.push('.');
    }
    out
}

/// Escapes the five characters that mean something in HTML and XML, and drops what XML forbids.
pub(super) fn escape_markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_between_backticks() {
        assert_eq!(
            pieces("rule `a` sends `b`"),
            [
                Piece::Plain("rule "),
                Piece::Code("a"),
                Piece::Plain(" sends "),
                Piece::Code("b")
            ]
        );
        assert_eq!(
            pieces("one ` alone"),
            [Piece::Plain("one "), Piece::Plain(" alone")]
        );
    }
}
