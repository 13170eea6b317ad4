//! What `terraform show -json` prints of a state, and the planned values of a plan, which are written alike.

use super::overlay::overlay;
use super::resource::{Resource, canonical_kind, key_suffix};
use super::table;
use crate::model::Table;
use crate::reader::node::Node;
use crate::reader::notes::Notes;
use crate::reader::redact::{self, Redaction};
use crate::reader::{Reading, json};
use crate::source::Source;

/// Reads the states of one front door.
pub fn read(sources: &[Source]) -> Reading {
    if let Some(refusal) = sources.iter().find_map(Reading::too_large) {
        return refusal;
    }
    let (notes, mut redaction) = (Notes::default(), Redaction::default());
    let mut table = Table::default();
    let mut resources = Vec::new();
    for source in sources {
        let Some(document) = json::parse(source, &notes) else {
            table.sources.push(redact::nothing_shown(source));
            continue;
        };
        match document.find(&["values", "root_module"]) {
            Some(module) => collect(module, &mut resources, &mut redaction, &notes),
            None if document.get("resources").is_some() => {
                let message = "this is a state file as Terraform stores it";
                notes.unreadable(
                    document.span,
                    message,
                    "give what `terraform show -json` prints",
                );
            }
            None => {
                let message = "the state has no values";
                notes.unreadable(
                    document.span,
                    message,
                    "give what `terraform show -json` prints",
                );
            }
        }
        redaction.hide_secrets_of(&document);
        table.sources.push(redaction.only_shown(source));
    }
    (table.listeners, table.target_groups) = table::build(&resources, &notes);
    Reading {
        table,
        findings: notes.into_findings(),
    }
}

/// Adds the resources of a module and the modules in it.
pub(super) fn collect(
    module: &Node,
    resources: &mut Vec<Resource>,
    redaction: &mut Redaction,
    notes: &Notes,
) {
    for node in module.get("resources").map_or(&[][..], Node::each) {
        resources.extend(resource(node, redaction, notes));
    }
    for child in module.get("child_modules").map_or(&[][..], Node::each) {
        collect(child, resources, redaction, notes);
    }
}

fn resource(node: &Node, redaction: &mut Redaction, notes: &Notes) -> Option<Resource> {
    let kind = canonical_kind(node.get("type")?.as_text()?)?;
    let values = node.get("values")?;
    redaction.show(values.span);
    Some(Resource {
        address: address(node, notes)?,
        kind: kind.to_owned(),
        label: label(node),
        values: overlay(values, None, node.get("sensitive_values"), redaction),
        span: values.span,
    })
}

/// The address of a resource, without which nothing can refer to it.
pub(super) fn address(node: &Node, notes: &Notes) -> Option<String> {
    let address = node.get("address").and_then(Node::as_text);
    if address.is_none() {
        notes.unreadable(
            node.span,
            "a resource has no `address`",
            "give the whole output",
        );
    }
    address.map(str::to_owned)
}

/// The name of a resource with its key.
pub(super) fn label(node: &Node) -> String {
    let name = node.get("name").and_then(Node::as_text).unwrap_or_default();
    let key = node.get("index").and_then(key_suffix);
    format!("{name}{}", key.unwrap_or_default())
}

/// Whether a document is one that this reader takes.
pub(in crate::reader) fn recognizes(document: &Node) -> bool {
    let is_shown = document.get("format_version").is_some() && document.get("values").is_some();
    let is_stored = document.get("serial").is_some() && document.get("lineage").is_some();
    is_shown || is_stored
}

#[cfg(test)]
mod tests;
