//! Comparisons, found among the words of a filter.

use super::token::{Kind, Token, tokens};
use super::{InvalidSearch, Target, refuse};
use crate::python_text::repr;

/// A comparison as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phrase<'f> {
    pub(super) field: &'f str,
    /// In upper case.
    pub(super) comparator: String,
    /// Nothing after `IS NULL` and `IS NOT NULL`.
    pub(super) value: Option<Token<'f>>,
}

/// Reads a filter. As at the real server, AND may be left out, repeated, or stand at either end.
pub(super) fn phrases(target: Target, filter: &str) -> Result<Vec<Phrase<'_>>, InvalidSearch> {
    if filter.is_empty() {
        return Ok(Vec::new());
    }
    if filter.trim().is_empty() {
        return refuse(format!("Invalid filter '{filter}'. Could not be parsed."));
    }
    let words = tokens(filter);
    let ends = |word: &Token<'_>| word.text == ";";
    if words
        .iter()
        .position(ends)
        .is_some_and(|end| end + 1 < words.len())
    {
        return refuse(format!(
            "Search filter contained multiple expression {}. Provide AND-ed expression list.",
            repr(filter)
        ));
    }
    let mut found = Vec::new();
    let mut strange: Vec<&str> = Vec::new();
    let mut rest = words.as_slice();
    while let Some((first, others)) = rest.split_first() {
        if let Some((phrase, after)) = phrase(rest)? {
            found.push(phrase);
            rest = after;
        } else {
            if !is_keyword(first, "AND") {
                strange.push(first.text);
            }
            rest = others;
        }
    }
    if strange.is_empty() {
        return Ok(found);
    }
    let listed = match target {
        Target::Runs => strange.iter().map(|text| format!("'{text}'")).collect(),
        _ => strange.iter().map(ToString::to_string).collect::<Vec<_>>(),
    };
    refuse(format!(
        "Invalid clause(s) in filter string: {}",
        listed.join(", ")
    ))
}

type Found<'f, 'w> = Option<(Phrase<'f>, &'w [Token<'f>])>;

fn phrase<'f, 'w>(words: &'w [Token<'f>]) -> Result<Found<'f, 'w>, InvalidSearch> {
    let done = |field: &Token<'f>, comparator: &str, value: Option<&Token<'f>>, after| {
        let phrase = Phrase {
            field: field.text,
            comparator: comparator.to_owned(),
            value: value.cloned(),
        };
        Ok(Some((phrase, after)))
    };
    match words {
        [field, comparator, value, after @ ..]
            if comparator.kind == Kind::Comparator && is_operand(field) && is_operand(value) =>
        {
            if field.kind != Kind::Name {
                return refuse(format!(
                    "Invalid comparison clause. Expected 'Identifier' found '{}'",
                    field.text
                ));
            }
            done(
                field,
                &comparator.text.to_ascii_uppercase(),
                Some(value),
                after,
            )
        }
        [field, is, not, null, after @ ..]
            if field.kind == Kind::Name
                && is_keyword(is, "IS")
                && is_keyword(not, "NOT")
                && is_keyword(null, "NULL") =>
        {
            done(field, "IS NOT NULL", None, after)
        }
        [field, is, null, after @ ..]
            if field.kind == Kind::Name && is_keyword(is, "IS") && is_keyword(null, "NULL") =>
        {
            done(field, "IS NULL", None, after)
        }
        [field, not, among, list, after @ ..]
            if field.kind == Kind::Name
                && is_keyword(not, "NOT")
                && is_keyword(among, "IN")
                && list.kind == Kind::Brackets =>
        {
            done(field, "NOT IN", Some(list), after)
        }
        [field, among, list, after @ ..]
            if field.kind == Kind::Name
                && is_keyword(among, "IN")
                && list.kind == Kind::Brackets =>
        {
            done(field, "IN", Some(list), after)
        }
        _ => Ok(None),
    }
}

fn is_operand(word: &Token<'_>) -> bool {
    !matches!(word.kind, Kind::Keyword | Kind::Comparator | Kind::Other)
}

fn is_keyword(word: &Token<'_>, keyword: &str) -> bool {
    word.kind == Kind::Keyword && word.text.eq_ignore_ascii_case(keyword)
}
