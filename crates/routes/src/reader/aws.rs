//! What `aws elbv2 describe-listeners`, `describe-rules`, `describe-target-groups` and `describe-tags` print.
//!
//! Each may come in several files, one per listener or page. Rules come in any order. What pages leave over, a listener
//! without its rules, and a rule without its listener are reported as incomplete: nothing is proven about half a table.
//! From rules alone (`describe-rules`), the listener's port and the target groups' settings are taken for granted,
//! which is said; routing does not depend on them.

pub(super) mod action;
pub(super) mod arn;
mod condition;
pub(super) mod group;
mod listener;
mod pages;
pub(super) mod rule;

use self::group::Groups;
use self::rule::ReadRule;
use super::node::Node;
use super::notes::{Notes, Record};
use super::redact::{self, Redaction};
use super::{Reading, json};
use crate::model::Table;
use crate::source::Source;

/// Reads the files of one front door.
pub fn read(sources: &[Source]) -> Reading {
    if let Some(refusal) = sources.iter().find_map(Reading::too_large) {
        return refusal;
    }
    let (notes, mut redaction) = (Notes::default(), Redaction::default());
    let mut table = Table::default();
    let mut documents = Vec::new();
    for source in sources {
        let document = json::parse(source, &notes);
        table.sources.push(if let Some(document) = &document {
            redaction.hide_secrets_of(document);
            redaction.without_secrets(source)
        } else {
            redact::nothing_shown(source)
        });
        documents.extend(document);
    }
    let documents: Vec<Record<'_, '_>> = documents
        .iter()
        .filter_map(|document| notes.record("output", document))
        .filter(|document| is_known(&notes, document))
        .collect();
    fill(&mut table, &documents, &notes);
    Reading {
        table,
        findings: notes.into_findings(),
    }
}

fn fill(table: &mut Table, documents: &[Record<'_, '_>], notes: &Notes) {
    let mut groups = Groups::read(documents, notes);
    let names = rule::names(documents, notes);
    let rules: Vec<ReadRule> = documents
        .iter()
        .flat_map(|document| document.records(RULES))
        .filter_map(|record| rule::read(&record, &mut groups, &names))
        .collect();
    let listeners = documents
        .iter()
        .flat_map(|document| document.records(LISTENERS));
    let listeners = listeners
        .filter_map(|record| listener::read(&record, &mut groups))
        .collect();
    pages::check(documents, notes);
    table.listeners = listener::with_rules(listeners, rules, notes);
    table.target_groups = groups.into_groups(notes);
}

fn is_known(notes: &Notes, document: &Record<'_, '_>) -> bool {
    let is_known = OUTPUTS.iter().any(|key| has(document.node, key));
    if !is_known {
        let message = format!(
            "the output has none of `{}`: it is of none of the commands that are read",
            OUTPUTS.join("`, `")
        );
        notes.unreadable(document.span(), message, "give the JSON of describe-rules");
    }
    is_known
}

fn has(document: &Node, key: &str) -> bool {
    document.entries().iter().any(|entry| entry.key == key)
}

/// Whether a document is one that this reader takes.
pub(super) fn recognizes(document: &Node) -> bool {
    OUTPUTS.iter().any(|key| has(document, key))
}

const RULES: &str = "Rules";
const LISTENERS: &str = "Listeners";
const GROUPS: &str = "TargetGroups";
const TAGS: &str = "TagDescriptions";
const OUTPUTS: [&str; 4] = [RULES, LISTENERS, GROUPS, TAGS];

#[cfg(test)]
mod tests;
