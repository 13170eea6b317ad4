//! Whether all pages of an output are there.

use std::collections::BTreeMap;

use super::arn;
use super::{GROUPS, LISTENERS, RULES};
use crate::reader::node::Node;
use crate::reader::notes::{Notes, Record};
use crate::source::Span;

/// Reports each output whose last page is missing: the last is the one without a marker of a next page.
pub(super) fn check(documents: &[Record<'_, '_>], notes: &Notes) {
    let mut outputs: BTreeMap<String, Pages> = BTreeMap::new();
    for document in documents {
        for output in outputs_of(document.node) {
            let pages = outputs.entry(output).or_default();
            match marker(document.node) {
                Some(marker) => pages.open.push(marker.span),
                None => pages.has_last = true,
            }
        }
    }
    for (output, pages) in outputs.into_iter().filter(|(_, pages)| !pages.has_last) {
        for span in pages.open {
            let message = format!("the output for {output} goes on after this page");
            notes.incomplete(span, message, "give the files of all pages");
        }
    }
}

#[derive(Default)]
struct Pages {
    open: Vec<Span>,
    has_last: bool,
}

/// What a document is a page of; rules are listed listener by listener.
fn outputs_of(document: &Node) -> Vec<String> {
    let mut outputs = Vec::new();
    for (key, name) in [(LISTENERS, "listeners"), (GROUPS, "target groups")] {
        if document.get(key).is_some() {
            outputs.push(name.to_owned());
        }
    }
    for rule in document.get(RULES).map_or(&[][..], Node::each) {
        let arn = rule.get("RuleArn").and_then(Node::as_text);
        let listener = arn.and_then(arn::listener_of_rule).unwrap_or_default();
        let output = format!("rules of listener `{listener}`");
        if !outputs.contains(&output) {
            outputs.push(output);
        }
    }
    outputs
}

fn marker(document: &Node) -> Option<&Node> {
    document
        .get("NextMarker")
        .or_else(|| document.get("NextToken"))
}
