//! What stands to the right of a comparator.

use super::token::{Kind, Token, tokens};
use super::{InvalidSearch, refuse};

/// The texts of `('a', "b")`.
pub(super) fn list(value: &Token<'_>) -> Result<Vec<String>, InvalidSearch> {
    const ABOUT: &str = "While parsing a list in the query, expected";
    let inner = value.text.trim_start_matches('(').trim_end_matches(')');
    let words = tokens(inner);
    if words.is_empty() {
        return refuse(format!(
            "{ABOUT} a non-empty list of string values, but got empty list"
        ));
    }
    let mut texts = Vec::new();
    for (index, word) in words.iter().enumerate() {
        match (index % 2, word.kind) {
            (0, _) if is_text(word) => texts.push(unquoted(word.text).to_owned()),
            (0, Kind::Integer | Kind::Real) => {
                return refuse(format!(
                    "{ABOUT} string value, punctuation, or whitespace, but got different type in list: {}",
                    value.text
                ));
            }
            (1, _) if word.text == "," => {}
            _ => {
                return refuse(format!(
                    "{ABOUT} a non-empty list of string values, but got ill-formed list."
                ));
            }
        }
    }
    Ok(texts)
}

pub(super) fn quoted_for<'f>(entity: &str, value: &Token<'f>) -> Result<&'f str, InvalidSearch> {
    text(
        value,
        &format!("Expected a quoted string value for {entity} (e.g. 'my-value'). Got value"),
    )
}

/// A text in quotes; other things are refused with `expected`, bare words with a hint at the quotes.
pub(super) fn text<'f>(value: &Token<'f>, expected: &str) -> Result<&'f str, InvalidSearch> {
    if is_text(value) {
        Ok(unquoted(value.text))
    } else if value.kind == Kind::Name {
        refuse(format!(
            "Parameter value is either not quoted or unidentified quote types used for string value {}. Use either \
             single or double quotes.",
            value.text
        ))
    } else {
        refuse(format!("{expected} {}", value.text))
    }
}

pub(super) fn is_text(value: &Token<'_>) -> bool {
    value.kind == Kind::Quoted
        || value.kind == Kind::Name
            && value.text.len() >= 2
            && value.text.starts_with('"')
            && value.text.ends_with('"')
}

pub(super) fn is_number(value: &Token<'_>) -> bool {
    matches!(value.kind, Kind::Integer | Kind::Real)
}

pub(super) fn real(value: &Token<'_>) -> Result<f64, InvalidSearch> {
    value
        .text
        .parse()
        .map_err(|_| InvalidSearch(format!("Invalid number {}", value.text)))
}

pub(super) fn unquoted(text: &str) -> &str {
    ['\'', '"']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(text)
}

/// A key without its quotes and backticks.
pub(super) fn bare(key: &str) -> &str {
    let key = unquoted(key);
    key.strip_prefix('`')
        .and_then(|key| key.strip_suffix('`'))
        .unwrap_or(key)
}
