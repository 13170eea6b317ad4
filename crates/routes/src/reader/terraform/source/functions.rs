//! The functions that rearrange values, and nothing else.

use std::collections::BTreeMap;

use super::evaluate::text_of;
use super::operators::equal;
use super::unknown;
use crate::reader::node::{Entry, Kind, Node};
use crate::source::Span;

/// The value of a call.
pub(super) fn call(name: &str, arguments: &[Node], span: Span) -> Node {
    if let Some(open) = arguments
        .iter()
        .find(|node| matches!(node.kind, Kind::Unknown(_) | Kind::Sensitive))
    {
        return Node {
            kind: open.kind.clone(),
            span,
        };
    }
    let kind = match (name, arguments) {
        ("toset", [list]) => set(list),
        ("tolist" | "tomap", [same]) => Some(same.kind.clone()),
        ("tostring", [value]) => text_of(value).map(Kind::Text),
        ("tonumber", [value]) => text_of(value)
            .filter(|text| is_number(text))
            .map(Kind::Number),
        ("concat", lists) => concat(lists),
        ("flatten", [list]) => flatten(list),
        ("merge", objects) => merge(objects),
        ("keys", [object]) => sorted(object).map(|entries| {
            Kind::List(
                entries
                    .into_iter()
                    .map(|entry| text(&entry.key, span))
                    .collect(),
            )
        }),
        ("values", [object]) => sorted(object).map(|entries| {
            Kind::List(
                entries
                    .into_iter()
                    .map(|entry| entry.value.clone())
                    .collect(),
            )
        }),
        ("lookup", [object, key]) => lookup(object, key),
        ("lookup", [object, key, default]) => {
            lookup(object, key).or_else(|| object_of(object).map(|_| default.kind.clone()))
        }
        ("length", [value]) => length(value),
        ("contains", [list, wanted]) => contains(list, wanted),
        ("lower", [value]) => value.as_text().map(|text| Kind::Text(text.to_lowercase())),
        ("upper", [value]) => value.as_text().map(|text| Kind::Text(text.to_uppercase())),
        ("join", [separator, list]) => join(separator, list),
        ("format", [pattern, values @ ..]) => format_text(pattern, values),
        _ => {
            let shown: String = name.chars().take(60).collect();
            return unknown(
                span,
                format!(
                    "function `{shown}` is not one that is worked out, or not with these arguments"
                ),
            );
        }
    };
    match kind {
        Some(kind) => Node { kind, span },
        None => unknown(
            span,
            format!("`{name}` can't be worked out with these arguments"),
        ),
    }
}

/// A set of texts: each once, sorted as Terraform iterates over it.
fn set(list: &Node) -> Option<Kind> {
    let texts: Option<BTreeMap<&str, &Node>> = elements(list)?
        .iter()
        .map(|node| Some((node.as_text()?, node)))
        .collect();
    Some(Kind::List(texts?.into_values().cloned().collect()))
}

fn concat(lists: &[Node]) -> Option<Kind> {
    let lists: Option<Vec<&[Node]>> = lists.iter().map(elements).collect();
    Some(Kind::List(lists?.concat()))
}

fn flatten(list: &Node) -> Option<Kind> {
    let mut flat = Vec::new();
    for element in elements(list)? {
        match &element.kind {
            Kind::List(_) => match flatten(element)? {
                Kind::List(inner) => flat.extend(inner),
                _ => return None,
            },
            // What an unknown element holds might be a list.
            Kind::Unknown(_) | Kind::Sensitive => return None,
            _ => flat.push(element.clone()),
        }
    }
    Some(Kind::List(flat))
}

fn merge(objects: &[Node]) -> Option<Kind> {
    let mut merged: BTreeMap<&str, &Entry> = BTreeMap::new();
    for object in objects {
        for entry in object_of(object)? {
            merged.insert(&entry.key, entry);
        }
    }
    Some(Kind::Object(merged.into_values().cloned().collect()))
}

fn sorted(object: &Node) -> Option<Vec<&Entry>> {
    let mut entries: Vec<&Entry> = object_of(object)?.iter().collect();
    entries.sort_by_key(|entry| &entry.key);
    Some(entries)
}

fn lookup(object: &Node, key: &Node) -> Option<Kind> {
    let key = text_of(key)?;
    let entry = object_of(object)?.iter().find(|entry| entry.key == key)?;
    Some(entry.value.kind.clone())
}

fn length(value: &Node) -> Option<Kind> {
    let length = match &value.kind {
        Kind::List(elements) => elements.len(),
        Kind::Object(entries) => entries.len(),
        Kind::Text(text) if text.is_ascii() => text.len(),
        _ => return None,
    };
    Some(Kind::Number(length.to_string()))
}

fn contains(list: &Node, wanted: &Node) -> Option<Kind> {
    let mut found = false;
    for element in elements(list)? {
        found |= equal(element, wanted)?;
    }
    Some(Kind::Bool(found))
}

fn join(separator: &Node, list: &Node) -> Option<Kind> {
    let texts: Option<Vec<String>> = elements(list)?.iter().map(text_of).collect();
    limited(texts?.join(separator.as_text()?))
}

/// `%s` and `%d`, without widths.
fn format_text(pattern: &Node, values: &[Node]) -> Option<Kind> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut chars = pattern.as_text()?.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            '%' => out.push('%'),
            's' => out.push_str(&text_of(values.next()?)?),
            'd' => out.push_str(&text_of(values.next()?).filter(|text| is_number(text))?),
            _ => return None,
        }
    }
    values.next().is_none().then_some(())?;
    limited(out)
}

fn limited(text: String) -> Option<Kind> {
    (text.len() <= MAX_TEXT).then_some(Kind::Text(text))
}

fn elements(list: &Node) -> Option<&[Node]> {
    match &list.kind {
        Kind::List(elements) => Some(elements),
        _ => None,
    }
}

fn object_of(node: &Node) -> Option<&[Entry]> {
    match &node.kind {
        Kind::Object(entries) => Some(entries),
        _ => None,
    }
}

fn text(text: &str, span: Span) -> Node {
    let kind = Kind::Text(text.to_owned());
    Node { kind, span }
}

fn is_number(text: &str) -> bool {
    text.parse::<i64>().is_ok()
}

/// Longest text that a function makes.
const MAX_TEXT: usize = 1 << 16;
