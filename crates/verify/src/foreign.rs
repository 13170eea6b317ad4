//! Text that a server sent: data, never markup (security 22).
//!
//! Only [`Foreign`]'s `Display` may put it into a sentence: without terminal escapes, control and direction characters,
//! cut to a bearable length, with what looks like a key masked, and without the backtick that delimits values in our
//! sentences. The writers of the report escape it once more for their format.

use std::fmt;

/// A text from outside. `Display` is safe to show; [`Foreign::raw`] is for reading, not for showing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreign(String);

impl Foreign {
    /// Takes a text as it came.
    pub fn new(raw: impl Into<String>) -> Self {
        Self(raw.into())
    }

    /// As it came.
    pub fn raw(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Foreign {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&clean(&self.0))
    }
}

/// The text as it may be shown on one line.
pub fn clean(raw: &str) -> String {
    let plain = without_escapes(raw);
    let mut shown = String::new();
    let mut was_space = true;
    for c in plain.chars() {
        if c.is_whitespace() || c.is_control() {
            if !was_space {
                shown.push(' ');
            }
            was_space = true;
        } else if !is_invisible(c) {
            shown.push(if c == '`' { '\'' } else { c });
            was_space = false;
        }
    }
    let masked = mask(shown.trim_end());
    if masked.chars().count() <= MAX_SHOWN {
        return masked;
    }
    masked.chars().take(MAX_SHOWN).chain(['…']).collect()
}

/// Replaces what has the shape of a key.
fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("hk_") {
        masked.push_str(before);
        let tail = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let is_secret = after.len() - tail.len() >= SHORTEST_SECRET;
        masked.push_str(if is_secret { "hk_***" } else { "hk_" });
        rest = if is_secret { tail } else { after };
    }
    masked.push_str(rest);
    masked
}

/// Drops terminal sequences: ESC with what belongs to it, and the eight-bit forms.
fn without_escapes(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        let kind = match c {
            '\u{1b}' => chars.next().unwrap_or_default(),
            '\u{9b}' => '[',
            '\u{9d}' => ']',
            '\u{90}' => 'P',
            _ => {
                out.push(c);
                continue;
            }
        };
        match kind {
            // Parameters, then one final byte.
            '[' => {
                while chars
                    .next()
                    .is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c))
                {}
            }
            // A string, ended by BEL or ST.
            ']' | 'P' | 'X' | '^' | '_' => {
                let mut previous = '\0';
                for c in chars.by_ref() {
                    if c == '\u{7}' || c == '\u{9c}' || (previous == '\u{1b}' && c == '\\') {
                        break;
                    }
                    previous = c;
                }
            }
            _ => {}
        }
    }
    out
}

/// Characters that change direction, join or hide what stands around them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Enough for every sentence of ours, too little for a page.
const MAX_SHOWN: usize = 240;
/// `hk_live_` by itself explains; what has more behind it may be part of a key.
const SHORTEST_SECRET: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_sequences_control_and_direction_characters_are_gone() {
        for (raw, shown) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            (
                "\u{1b}]8;;https://evil.example\u{7}link\u{1b}]8;;\u{1b}\\",
                "link",
            ),
            ("\u{9b}2Jgone", "gone"),
            ("\u{1b}Pdevice\u{1b}\\x", "x"),
            ("a\r\nb\tc\0d", "a b c d"),
            ("user\u{202e}nimda", "usernimda"),
            ("a\u{2066}b\u{2069}\u{200b}\u{feff}", "ab"),
            ("code`fence", "code'fence"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
        ] {
            assert_eq!(clean(raw), shown, "{raw:?}");
        }
    }

    #[test]
    fn what_looks_like_a_key_is_masked_and_a_page_is_cut() {
        assert_eq!(clean("no hk_live_ABCdef0123456789 here"), "no hk_*** here");
        assert_eq!(
            clean("keys begin with hk_live_"),
            "keys begin with hk_live_"
        );
        assert_eq!(clean(&"x".repeat(1000)).chars().count(), MAX_SHOWN + 1);
    }
}
