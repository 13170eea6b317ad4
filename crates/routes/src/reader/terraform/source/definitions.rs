//! What the files of a module define.

use std::collections::BTreeMap;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};

use crate::reader::node::{Entry, Node};
use crate::reader::notes::Notes;
use crate::reader::redact::{self, Redaction};
use crate::source::{Source, Span};

/// Variables, local values and resources of one module.
#[derive(Default)]
pub(super) struct Definitions<'a> {
    pub(super) variables: BTreeMap<String, Variable<'a>>,
    pub(super) locals: BTreeMap<String, Written<'a>>,
    pub(super) resources: Vec<Declared<'a>>,
}

/// An expression in either syntax.
#[derive(Clone, Copy)]
pub(super) enum Written<'a> {
    Hcl(&'a Expression, &'a Source),
    Json(&'a Node),
}

/// A body in either syntax.
#[derive(Clone, Copy)]
pub(super) enum Arguments<'a> {
    Hcl(&'a Body, &'a Source),
    Json(&'a Node),
}

/// A variable.
pub(super) struct Variable<'a> {
    pub(super) default: Option<Written<'a>>,
    pub(super) is_sensitive: bool,
}

/// A resource, or a data source.
pub(super) struct Declared<'a> {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) is_data: bool,
    pub(super) body: Arguments<'a>,
    pub(super) span: Span,
}

impl<'a> Definitions<'a> {
    /// Adds what a file in Terraform's own syntax defines.
    pub(super) fn add_hcl(
        &mut self,
        body: &'a Body,
        source: &'a Source,
        notes: &Notes,
        redaction: &mut Redaction,
    ) {
        hide_secrets(body, source, redaction);
        for block in body.blocks() {
            let span = source.span(block.span().unwrap_or(0..0));
            let labels: Vec<&str> = block
                .labels
                .iter()
                .map(hcl_edit::structure::BlockLabel::as_str)
                .collect();
            match (block.ident.as_str(), labels.as_slice()) {
                ("locals", []) => {
                    for attribute in block.body.attributes() {
                        let span = source.span(attribute.span().unwrap_or(0..0));
                        let value = Written::Hcl(&attribute.value, source);
                        self.add_local(attribute.key.as_str(), value, span, notes);
                    }
                }
                ("variable", [name]) => {
                    let variable = variable(block, source, redaction);
                    self.add_variable(name, variable, span, notes);
                }
                (mode @ ("resource" | "data"), [kind, name]) => {
                    let body = Arguments::Hcl(&block.body, source);
                    self.add_resource(mode == "data", kind, name, body, span);
                }
                ("module", [name]) => module(name, span, notes),
                _ => {}
            }
        }
    }

    /// Adds what a file in JSON defines.
    pub(super) fn add_json(&mut self, root: &'a Node, notes: &Notes, redaction: &mut Redaction) {
        redaction.hide_secrets_of(root);
        for (name, entry) in named(root, "variable") {
            let default = entry.value.get("default");
            let is_sensitive = entry.value.get("sensitive").is_some_and(Node::is_true);
            if let Some(default) = default.filter(|_| is_sensitive) {
                redaction.hide(default.span);
            }
            let default = default.map(Written::Json);
            let variable = Variable {
                default,
                is_sensitive,
            };
            self.add_variable(name, variable, entry.value.span, notes);
        }
        for (name, entry) in named(root, "locals") {
            self.add_local(name, Written::Json(&entry.value), entry.value.span, notes);
        }
        for mode in ["resource", "data"] {
            for (kind, resources) in named(root, mode) {
                for (name, entry) in each_named(&resources.value) {
                    for body in entry.value.each() {
                        let arguments = Arguments::Json(body);
                        self.add_resource(mode == "data", kind, name, arguments, body.span);
                    }
                }
            }
        }
        for (name, entry) in named(root, "module") {
            module(name, entry.key_span, notes);
        }
    }

    fn add_local(&mut self, name: &str, value: Written<'a>, span: Span, notes: &Notes) {
        if self.locals.insert(name.to_owned(), value).is_some() {
            twice("local value", name, span, notes);
        }
    }

    fn add_variable(&mut self, name: &str, variable: Variable<'a>, span: Span, notes: &Notes) {
        if self.variables.insert(name.to_owned(), variable).is_some() {
            twice("variable", name, span, notes);
        }
    }

    fn add_resource(
        &mut self,
        is_data: bool,
        kind: &str,
        name: &str,
        body: Arguments<'a>,
        span: Span,
    ) {
        self.resources.push(Declared {
            kind: kind.to_owned(),
            name: name.to_owned(),
            is_data,
            body,
            span,
        });
    }
}

fn variable<'a>(block: &'a Block, source: &'a Source, redaction: &mut Redaction) -> Variable<'a> {
    let value = |key: &str| {
        block
            .body
            .get_attribute(key)
            .map(|attribute| &attribute.value)
    };
    let is_sensitive = value("sensitive").and_then(Expression::as_bool) == Some(true);
    let default = value("default");
    if let Some(range) = default.filter(|_| is_sensitive).and_then(Expression::span) {
        redaction.hide(source.span(range));
    }
    Variable {
        default: default.map(|default| Written::Hcl(default, source)),
        is_sensitive,
    }
}

/// What a module adds to the listeners is not in these files.
fn module(name: &str, span: Span, notes: &Notes) {
    let message = format!("module `{name}` is not looked into, and might have listener rules");
    notes.unresolved(
        span,
        message,
        "check the plan (`terraform show -json`), which has its resources",
    );
}

fn twice(what: &str, name: &str, span: Span, notes: &Notes) {
    let message = format!("{what} `{name}` is defined twice");
    notes.unreadable(span, message, "give the files of one module, each once");
}

/// The entries of the objects below a name; there may be a list of objects.
fn named<'a>(root: &'a Node, key: &str) -> Vec<(&'a str, &'a Entry)> {
    root.get(key).map_or_else(Vec::new, each_named)
}

fn each_named(node: &Node) -> Vec<(&str, &Entry)> {
    let entries = node.each().iter().flat_map(Node::entries);
    let real = entries.filter(|entry| entry.key != COMMENT);
    real.map(|entry| (entry.key.as_str(), entry)).collect()
}

/// Hides the arguments whose names say that they are secrets.
fn hide_secrets(body: &Body, source: &Source, redaction: &mut Redaction) {
    for attribute in body.attributes() {
        if redact::is_secret(attribute.key.as_str()) {
            redaction.hide(source.span(attribute.value.span().unwrap_or(0..0)));
        } else if let Expression::Object(object) = &attribute.value {
            for (key, value) in object {
                let name = key.as_ident().map(hcl_edit::Ident::as_str);
                let name = name.or_else(|| key.as_expr().and_then(Expression::as_str));
                if name.is_some_and(redact::is_secret) {
                    redaction.hide(source.span(value.expr().span().unwrap_or(0..0)));
                }
            }
        }
    }
    for block in body.blocks() {
        hide_secrets(&block.body, source, redaction);
    }
}

/// Name of a comment in Terraform's JSON.
pub(super) const COMMENT: &str = "//";
