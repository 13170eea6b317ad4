//! What `terraform show -json` prints of a plan.
//!
//! Before a plan is applied, no ARN is known. Which listener a rule belongs to, and which target group an action
//! means, is then found in the configuration that the plan repeats: see `references`.

use super::overlay::overlay;
use super::references::Configuration;
use super::resource::{Resource, canonical_kind};
use super::state::{address, collect, label};
use super::table;
use crate::model::Table;
use crate::reader::node::Node;
use crate::reader::notes::Notes;
use crate::reader::redact::{self, Redaction};
use crate::reader::{Reading, json};
use crate::source::Source;

/// Reads the plans of one front door.
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
        resources.extend(of_plan(&document, &mut redaction, &notes));
        redaction.hide_secrets_of(&document);
        table.sources.push(redaction.only_shown(source));
    }
    (table.listeners, table.target_groups) = table::build(&resources, &notes);
    Reading {
        table,
        findings: notes.into_findings(),
    }
}

fn of_plan(document: &Node, redaction: &mut Redaction, notes: &Notes) -> Vec<Resource> {
    refuse_half(document, redaction, notes);
    let mut resources = Vec::new();
    let mut gone = Vec::new();
    for change in document.get("resource_changes").map_or(&[][..], Node::each) {
        match after(change, redaction, notes) {
            Some(After::Is(resource)) => resources.push(*resource),
            Some(After::Gone(address)) => gone.push(address),
            None => {}
        }
    }
    let mut others = Vec::new();
    for values in ["planned_values", "prior_state"] {
        // What is only looked up stands in the state before the plan.
        let root = document.find(&[values, "root_module"]);
        let root = root.or_else(|| document.find(&[values, "values", "root_module"]));
        if let Some(root) = root {
            collect(root, &mut others, redaction, notes);
        }
        if values == "prior_state" {
            others.retain(|resource| resource.address.contains("data."));
        }
        for other in others.drain(..) {
            let is_known = resources.iter().any(|known| known.address == other.address);
            if !is_known && !gone.contains(&other.address) {
                resources.push(other);
            }
        }
    }
    let configuration = Configuration::of(document);
    for resource in &mut resources {
        configuration.link(resource, notes);
    }
    resources
}

fn refuse_half(document: &Node, redaction: &mut Redaction, notes: &Notes) {
    let stopped = document.get("errored").filter(|node| node.is_true());
    let complete = document.get("complete");
    let deferred =
        complete.filter(|node| matches!(node.kind, crate::reader::node::Kind::Bool(false)));
    if let Some(node) = stopped {
        redaction.show(node.span);
        let message = "planning ended with an error, so the plan is not whole";
        notes.incomplete(node.span, message, "correct the error and plan again");
    } else if let Some(node) = deferred {
        redaction.show(node.span);
        let message = "the plan says that it is not complete: parts are left for a later one";
        notes.incomplete(
            node.span,
            message,
            "plan again without -target, when nothing is deferred",
        );
    }
}

enum After {
    Is(Box<Resource>),
    Gone(String),
}

/// A resource after the plan is applied.
fn after(change: &Node, redaction: &mut Redaction, notes: &Notes) -> Option<After> {
    let kind = canonical_kind(change.get("type")?.as_text()?)?;
    let address = address(change, notes)?;
    let changes = change.get("change")?;
    let Some(values) = changes.get("after") else {
        let actions = changes.get("actions").map_or(&[][..], Node::each);
        if actions
            .iter()
            .any(|action| action.as_text() == Some("forget"))
        {
            let message =
                format!("`{address}` is forgotten, not deleted: the load balancer keeps it");
            let help = "check what `aws elbv2 describe-rules` prints after the plan is applied";
            notes.unresolved(changes.span, message, help);
        }
        return Some(After::Gone(address));
    };
    redaction.show(values.span);
    let (unknown, sensitive) = (changes.get("after_unknown"), changes.get("after_sensitive"));
    Some(After::Is(Box::new(Resource {
        address,
        kind: kind.to_owned(),
        label: label(change),
        values: overlay(values, unknown, sensitive, redaction),
        span: values.span,
    })))
}

/// Whether a document is one that this reader takes.
pub(in crate::reader) fn recognizes(document: &Node) -> bool {
    document.get("planned_values").is_some() || document.get("resource_changes").is_some()
}

#[cfg(test)]
mod tests;
