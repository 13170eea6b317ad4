//! Values of a plan or state, with what is not known yet and what must not be shown marked in them.

use crate::reader::node::{Entry, Kind, Node};
use crate::reader::redact::Redaction;

/// The values with the marks of Terraform's two shadows of them, `after_unknown` and `after_sensitive`.
pub(super) fn overlay(
    value: &Node,
    unknown: Option<&Node>,
    sensitive: Option<&Node>,
    redaction: &mut Redaction,
) -> Node {
    let span = value.span;
    if sensitive.is_some_and(Node::is_true) && !value.is_null() {
        redaction.hide(span);
        let kind = Kind::Sensitive;
        return Node { kind, span };
    }
    if unknown.is_some_and(Node::is_true) {
        let kind = Kind::Unknown(AFTER_APPLY.to_owned());
        return Node { kind, span };
    }
    let kind = match &value.kind {
        Kind::Object(entries) => object(value, entries, unknown, sensitive, redaction),
        Kind::List(elements) => {
            let at = |shadow: Option<&Node>, index: usize| match shadow.map(|node| &node.kind) {
                Some(Kind::List(elements)) => elements.get(index).cloned(),
                _ => None,
            };
            let marked = elements.iter().enumerate().map(|(index, element)| {
                let (unknown, sensitive) = (at(unknown, index), at(sensitive, index));
                overlay(element, unknown.as_ref(), sensitive.as_ref(), redaction)
            });
            Kind::List(marked.collect())
        }
        other => other.clone(),
    };
    Node { kind, span }
}

fn object(
    value: &Node,
    entries: &[Entry],
    unknown: Option<&Node>,
    sensitive: Option<&Node>,
    redaction: &mut Redaction,
) -> Kind {
    let of = |shadow: Option<&Node>, key: &str| shadow.and_then(|node| node.get(key).cloned());
    let mut marked = Vec::with_capacity(entries.len());
    for entry in entries {
        let (unknown, sensitive) = (of(unknown, &entry.key), of(sensitive, &entry.key));
        marked.push(Entry {
            value: overlay(
                &entry.value,
                unknown.as_ref(),
                sensitive.as_ref(),
                redaction,
            ),
            ..entry.clone()
        });
    }
    // What is wholly unknown is left out of the values.
    for shadow in unknown.map_or(&[][..], Node::entries) {
        let is_there = entries.iter().any(|entry| entry.key == shadow.key);
        if is_there || !has_true(&shadow.value) {
            continue;
        }
        marked.push(Entry {
            key: shadow.key.clone(),
            key_span: value.span,
            value: Node {
                kind: Kind::Unknown(AFTER_APPLY.to_owned()),
                span: value.span,
            },
        });
    }
    Kind::Object(marked)
}

fn has_true(node: &Node) -> bool {
    match &node.kind {
        Kind::Bool(flag) => *flag,
        Kind::List(elements) => elements.iter().any(has_true),
        Kind::Object(entries) => entries.iter().any(|entry| has_true(&entry.value)),
        _ => false,
    }
}

const AFTER_APPLY: &str = "it is known only after the plan is applied";
