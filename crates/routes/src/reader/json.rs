//! JSON with places.

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::node::{Entry, Kind, Node};
use super::notes::Notes;
use crate::source::Source;

/// The value of a text, or a report of what is not JSON.
pub(super) fn parse(source: &Source, notes: &Notes) -> Option<Node> {
    let parsed = match parse_to_ast(&source.text, &CollectOptions::default(), &strict()) {
        Ok(parsed) => parsed,
        Err(error) => {
            let range = error.range();
            let message = format!("not JSON: {}", lower_first(&error.kind().to_string()));
            let span = source.span(range.start..range.end);
            notes.unreadable(span, message, "correct the JSON here");
            return None;
        }
    };
    let Some(value) = parsed.value else {
        notes.unreadable(source.span(0..0), "not JSON: there is no value", EMPTY_HELP);
        return None;
    };
    Some(node(source, notes, value))
}

fn node(source: &Source, notes: &Notes, value: Value<'_>) -> Node {
    let range = value.range();
    let kind = match value {
        Value::NullKeyword(_) => Kind::Null,
        Value::BooleanLit(literal) => Kind::Bool(literal.value),
        Value::NumberLit(literal) => Kind::Number(literal.value.to_owned()),
        Value::StringLit(literal) => Kind::Text(literal.value.into_owned()),
        Value::Array(array) => {
            let elements = array.elements.into_iter();
            Kind::List(elements.map(|value| node(source, notes, value)).collect())
        }
        Value::Object(object) => {
            let mut entries = Vec::with_capacity(object.properties.len());
            for property in object.properties {
                let name = property.name.range();
                entries.push(Entry {
                    key_span: source.span(name.start..name.end),
                    key: property.name.into_string(),
                    value: node(source, notes, property.value),
                });
            }
            refuse_twins(notes, &entries);
            Kind::Object(entries)
        }
    };
    Node {
        kind,
        span: source.span(range.start..range.end),
    }
}

/// Of two values with one name each parser may take another.
fn refuse_twins(notes: &Notes, entries: &[Entry]) {
    let mut seen = std::collections::HashSet::new();
    for entry in entries {
        if !seen.insert(entry.key.as_str()) {
            let message = "not JSON that all read alike: the name occurs twice in one object";
            notes.unreadable(entry.key_span, message, "remove one of them");
        }
    }
}

/// JSON as RFC 8259 has it, nothing more.
fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}

const EMPTY_HELP: &str = "give the whole output of the command";
