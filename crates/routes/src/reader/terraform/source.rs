//! Terraform's source, in its own syntax (`*.tf`) and in JSON (`*.tf.json`), as far as it is constant.
//!
//! Local values, variables with defaults (which is said), `for_each`, `count`, dynamic blocks, templates, conditions, `for`
//! and the `functions` that only rearrange values are worked out. What depends on anything else, such as data
//! sources, attributes that the cloud gives, other functions and modules, stays open: where the table needs it, that
//! fails, and a plan is the better text to check.

mod body;
mod chains;
mod definitions;
mod evaluate;
mod functions;
mod operators;

use hcl_edit::structure::Body;

use self::definitions::Definitions;
use self::evaluate::Evaluator;
use super::resource::{GROUP, Resource, canonical_kind};
use super::table;
use crate::model::Table;
use crate::reader::node::{Kind, Node};
use crate::reader::notes::Notes;
use crate::reader::redact::{self, Redaction};
use crate::reader::{Reading, json};
use crate::source::Source;

/// Reads the files of one module.
pub fn read(sources: &[Source]) -> Reading {
    if let Some(refusal) = sources.iter().find_map(Reading::too_large) {
        return refusal;
    }
    let (notes, mut redaction) = (Notes::default(), Redaction::default());
    let documents: Vec<Option<Document>> = sources
        .iter()
        .map(|source| Document::parse(source, &notes))
        .collect();
    let mut definitions = Definitions::default();
    for (document, source) in documents.iter().zip(sources) {
        match document {
            Some(Document::Hcl(body)) => definitions.add_hcl(body, source, &notes, &mut redaction),
            Some(Document::Json(node)) => definitions.add_json(node, &notes, &mut redaction),
            None => {}
        }
    }
    let shown = documents.iter().zip(sources);
    let shown = shown.map(|(document, source)| match document {
        Some(_) => redaction.without_secrets(source),
        None if is_json(source) => redact::nothing_shown(source),
        None => redact::by_line(source),
    });
    let mut table = Table {
        sources: shown.collect(),
        ..Table::default()
    };
    let resources = resources(&definitions, &notes);
    (table.listeners, table.target_groups) = table::build(&resources, &notes);
    Reading {
        table,
        findings: notes.into_findings(),
    }
}

/// A file, taken apart.
enum Document {
    Hcl(Body),
    Json(Node),
}

impl Document {
    fn parse(source: &Source, notes: &Notes) -> Option<Self> {
        if is_json(source) {
            return json::parse(source, notes).map(Self::Json);
        }
        if let Some(at) = chains::too_deep(&source.text) {
            let message = "chains of operators are nested too deeply in one another";
            notes.unreadable(
                source.span(at..at),
                message,
                "give parts of it names of their own, as local values",
            );
            return None;
        }
        match hcl_edit::parser::parse_body(&source.text) {
            Ok(body) => Some(Self::Hcl(body)),
            Err(error) => {
                // The parser counts bytes, and may stop inside of a character.
                let at = source.text.floor_char_boundary(error.location().offset());
                let message = format!("not HCL: {}", error.message().replace('\n', " "));
                let span = source.span(at..at);
                notes.unreadable(span, message, "correct the HCL here");
                None
            }
        }
    }
}

fn is_json(source: &Source) -> bool {
    source.text.trim_start().starts_with('{')
}

fn resources(definitions: &Definitions<'_>, notes: &Notes) -> Vec<Resource> {
    let evaluator = Evaluator::new(definitions);
    let mut resources = Vec::new();
    for declared in &definitions.resources {
        let Some(kind) = canonical_kind(&declared.kind) else {
            continue;
        };
        if declared.is_data && kind != GROUP {
            // What is only looked up has rules that nobody wrote here: rules that refer to it say so.
            continue;
        }
        for instance in evaluator.instances(declared, notes) {
            let values = evaluator.body(declared.body, &instance.scope);
            let mode = if declared.is_data { "data." } else { "" };
            resources.push(Resource {
                address: format!("{mode}{}.{}{}", declared.kind, declared.name, instance.key),
                kind: kind.to_owned(),
                label: format!("{}{}", declared.name, instance.key),
                values,
                span: declared.span,
            });
        }
    }
    let used = evaluator.into_used_defaults();
    if !used.is_empty() {
        let message = format!(
            "the defaults of the variables `{}` are taken for their values",
            used.join("`, `")
        );
        notes.assumed(None, message, "check the plan if they are set elsewhere");
    }
    resources
}

/// A value that is not known.
fn unknown(span: crate::source::Span, why: impl Into<String>) -> Node {
    let kind = Kind::Unknown(why.into());
    Node { kind, span }
}

/// Whether a text in JSON is one that this reader takes.
pub(in crate::reader) fn recognizes(document: &Node) -> bool {
    let top = [
        "resource",
        "locals",
        "variable",
        "module",
        "terraform",
        "provider",
    ];
    top.iter().any(|key| document.get(key).is_some())
}

#[cfg(test)]
mod tests;
