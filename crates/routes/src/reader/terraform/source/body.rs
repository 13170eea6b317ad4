//! Bodies of resources, and the instances that `for_each` and `count` make of them.

use hcl_edit::Span as _;
use hcl_edit::structure::{Block, Body, Structure};

use super::definitions::{Arguments, Declared, Written};
use super::evaluate::{Evaluator, Origin, Scope, pairs};
use super::unknown;
use crate::reader::node::{Entry, Kind, Node};
use crate::reader::notes::Notes;
use crate::reader::terraform::resource::key_suffix;
use crate::source::{Source, Span};

/// One instance of a resource.
pub(super) struct Instance {
    /// Its key as addresses write it; empty without `for_each` and `count`.
    pub(super) key: String,
    pub(super) scope: Scope,
}

impl<'a> Evaluator<'a> {
    /// The instances of a resource; a report when they can't be told.
    pub(super) fn instances(&self, declared: &Declared<'a>, notes: &Notes) -> Vec<Instance> {
        let argument = |name: &str| match declared.body {
            Arguments::Hcl(body, source) => {
                let attribute = body.get_attribute(name);
                attribute.map(|attribute| Written::Hcl(&attribute.value, source))
            }
            Arguments::Json(node) => node.get(name).map(Written::Json),
        };
        let outside = Scope::default();
        if let Some(written) = argument("for_each") {
            return of_each(&self.written(written, &outside), notes);
        }
        let Some(written) = argument("count") else {
            let (key, scope) = (String::new(), outside);
            return vec![Instance { key, scope }];
        };
        let count = self.written(written, &outside);
        let many: Option<usize> = notes.number("count", &count);
        let many = many.unwrap_or(0);
        if many > MAX_COUNT {
            let message = format!("`count` is {many}, more than {MAX_COUNT}");
            notes.unreadable(count.span, message, "use fewer");
            return Vec::new();
        }
        let instance = |index: usize| {
            let kind = Kind::Number(index.to_string());
            let index = entry(
                "index",
                Node {
                    kind,
                    span: count.span,
                },
            );
            let kind = Kind::Object(vec![index]);
            Node {
                kind,
                span: count.span,
            }
        };
        (0..many)
            .map(|index| Instance {
                key: format!("[{index}]"),
                scope: Scope {
                    names: vec![("count".to_owned(), instance(index))],
                },
            })
            .collect()
    }

    /// The arguments of a body, its blocks as lists of objects.
    pub(super) fn body(&self, arguments: Arguments<'_>, scope: &Scope) -> Node {
        match arguments {
            Arguments::Hcl(body, source) => {
                let span = source.span(body.span().unwrap_or(0..0));
                self.hcl_body(body, source, scope, span, 0)
            }
            Arguments::Json(node) => {
                let mut value = self.json(node, scope);
                if node.get("dynamic").is_some() {
                    value = unknown(node.span, "its dynamic blocks are not worked out in JSON");
                }
                value
            }
        }
    }

    fn hcl_body(
        &self,
        body: &Body,
        source: &Source,
        scope: &Scope,
        span: Span,
        depth: usize,
    ) -> Node {
        if depth > MAX_BLOCKS {
            return unknown(span, "its blocks are nested too deeply");
        }
        let mut entries: Vec<Entry> = Vec::new();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let name = attribute.key.as_str();
                    if META.contains(&name) {
                        continue;
                    }
                    let key_span = source.span(attribute.key.span().unwrap_or(0..0));
                    entries.push(Entry {
                        key: name.to_owned(),
                        key_span,
                        value: self.expression(&attribute.value, scope, Origin::File(source)),
                    });
                }
                Structure::Block(block) if META.contains(&block.ident.as_str()) => {}
                Structure::Block(block) => {
                    let span = source.span(block.span().unwrap_or(0..0));
                    if let Err(why) = self.block(block, source, scope, depth, &mut entries) {
                        return unknown(span, why);
                    }
                }
            }
        }
        let kind = Kind::Object(entries);
        Node { kind, span }
    }

    fn block(
        &self,
        block: &Block,
        source: &Source,
        scope: &Scope,
        depth: usize,
        entries: &mut Vec<Entry>,
    ) -> Result<(), String> {
        let span = source.span(block.span().unwrap_or(0..0));
        let labels: Vec<&str> = block
            .labels
            .iter()
            .map(hcl_edit::structure::BlockLabel::as_str)
            .collect();
        let [name] = labels.as_slice() else {
            let node = self.hcl_body(&block.body, source, scope, span, depth + 1);
            add_block(entries, block.ident.as_str(), node);
            return Ok(());
        };
        let dynamic = (block.ident.as_str() == "dynamic").then_some(&block.body);
        let open = || format!("its dynamic blocks `{name}` can't be worked out");
        let body = dynamic.ok_or_else(open)?;
        let each = body.get_attribute("for_each").ok_or_else(open)?;
        let content = body.get_blocks("content").next().ok_or_else(open)?;
        let iterator = match body.get_attribute("iterator") {
            Some(iterator) => iterator.value.as_variable().ok_or_else(open)?.as_str(),
            None => name,
        };
        let each = self.expression(&each.value, scope, Origin::File(source));
        let is_set = matches!(each.kind, Kind::List(_));
        // Without elements there is an empty list, so that the block is not taken for forgotten.
        for (key, value) in pairs(&each).ok_or_else(open)? {
            let key = if is_set { value.clone() } else { key };
            let kind = Kind::Object(vec![entry("key", key), entry("value", value)]);
            let mut inner = scope.clone();
            inner.names.push((iterator.to_owned(), Node { kind, span }));
            let span = source.span(content.span().unwrap_or(0..0));
            let node = self.hcl_body(&content.body, source, &inner, span, depth + 1);
            add_block(entries, name, node);
        }
        Ok(())
    }
}

/// The instances of `for_each`; a report when they can't be told.
fn of_each(each: &Node, notes: &Notes) -> Vec<Instance> {
    let Some(pairs) = pairs(each) else {
        notes.wrong("for_each", each, "a map or a set");
        return Vec::new();
    };
    let is_set = matches!(each.kind, Kind::List(_));
    let mut instances = Vec::new();
    for (key, value) in pairs {
        // The keys of a set are its values.
        let key = if is_set { value.clone() } else { key };
        let Some(suffix) = key_suffix(&key) else {
            notes.wrong("for_each", &value, "a key");
            continue;
        };
        let kind = Kind::Object(vec![entry("key", key), entry("value", value)]);
        let value = Node {
            kind,
            span: each.span,
        };
        instances.push(Instance {
            key: suffix,
            scope: Scope {
                names: vec![("each".to_owned(), value)],
            },
        });
    }
    instances
}

/// Adds a block to the others of its name.
fn add_block(entries: &mut Vec<Entry>, name: &str, block: Node) {
    let same = entries.iter_mut().find(|entry| entry.key == name);
    if let Some(Kind::List(blocks)) = same.map(|entry| &mut entry.value.kind) {
        blocks.push(block);
        return;
    }
    let span = block.span;
    let kind = Kind::List(vec![block]);
    entries.push(Entry {
        key: name.to_owned(),
        key_span: span,
        value: Node { kind, span },
    });
}

fn entry(key: &str, value: Node) -> Entry {
    Entry {
        key: key.to_owned(),
        key_span: value.span,
        value,
    }
}

/// Arguments and blocks that Terraform itself takes.
const META: [&str; 8] = [
    "for_each",
    "count",
    "provider",
    "depends_on",
    "lifecycle",
    "provisioner",
    "connection",
    "timeouts",
];
/// Most instances of one resource; a load balancer has 100 rules unless it was raised.
const MAX_COUNT: usize = 10_000;
/// Most blocks inside each other; a rule needs four.
const MAX_BLOCKS: usize = 16;
