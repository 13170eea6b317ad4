//! Works out expressions. What is not constant comes out as unknown, with the reason.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ForExpr, ObjectKey, Traversal};
use hcl_edit::template::{Element, Template};

use super::definitions::{COMMENT, Definitions, Written};
use super::{functions, operators, unknown};
use crate::reader::node::{Entry, Kind, Node};
use crate::source::{Source, Span};

/// Works out the expressions of one module.
pub(super) struct Evaluator<'a> {
    pub(super) definitions: &'a Definitions<'a>,
    locals: RefCell<BTreeMap<String, Node>>,
    used_defaults: RefCell<BTreeSet<String>>,
    /// How many values may still be made.
    budget: Cell<usize>,
    depth: Cell<usize>,
}

/// Names that mean something where an expression stands.
#[derive(Clone, Default)]
pub(super) struct Scope {
    /// `each`, `count`, and the variables of `for` and of dynamic blocks; the last of one name counts.
    pub(super) names: Vec<(String, Node)>,
}

/// Where the text of an expression is.
#[derive(Clone, Copy)]
pub(super) enum Origin<'s> {
    /// In this file, at the place that the parser says.
    File(&'s Source),
    /// In a text inside JSON, all of which is here.
    Text(Span),
}

impl Origin<'_> {
    fn span(self, expression: &Expression) -> Span {
        match self {
            Self::File(source) => source.span(expression.span().unwrap_or(0..0)),
            Self::Text(span) => span,
        }
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(definitions: &'a Definitions<'a>) -> Self {
        Self {
            definitions,
            locals: RefCell::default(),
            used_defaults: RefCell::default(),
            budget: Cell::new(MAX_VALUES),
            depth: Cell::new(0),
        }
    }

    pub(super) fn into_used_defaults(self) -> Vec<String> {
        self.used_defaults.into_inner().into_iter().collect()
    }

    /// The value of an expression in either syntax.
    pub(super) fn written(&self, written: Written<'_>, scope: &Scope) -> Node {
        match written {
            Written::Hcl(expression, source) => {
                self.expression(expression, scope, Origin::File(source))
            }
            Written::Json(node) => self.json(node, scope),
        }
    }

    /// The value of JSON, whose texts are templates.
    pub(super) fn json(&self, node: &Node, scope: &Scope) -> Node {
        if !self.spend(1) {
            return unknown(node.span, TOO_MUCH);
        }
        let kind = match &node.kind {
            Kind::Text(text) if text.contains("${") || text.contains("%{") => {
                return match hcl_edit::parser::parse_template(text) {
                    Ok(template) => {
                        self.template(&template, scope, Origin::Text(node.span), node.span)
                    }
                    Err(_) => unknown(node.span, "its template is malformed"),
                };
            }
            Kind::List(elements) => Kind::List(
                elements
                    .iter()
                    .map(|element| self.json(element, scope))
                    .collect(),
            ),
            Kind::Object(entries) => {
                let real = entries.iter().filter(|entry| entry.key != COMMENT);
                let worked_out = real.map(|entry| Entry {
                    value: self.json(&entry.value, scope),
                    ..entry.clone()
                });
                Kind::Object(worked_out.collect())
            }
            other => other.clone(),
        };
        Node {
            kind,
            span: node.span,
        }
    }

    /// The value of an expression.
    pub(super) fn expression(
        &self,
        expression: &Expression,
        scope: &Scope,
        origin: Origin<'_>,
    ) -> Node {
        let span = origin.span(expression);
        if !self.spend(1) || self.depth.get() > MAX_DEPTH {
            return unknown(span, TOO_MUCH);
        }
        self.depth.set(self.depth.get() + 1);
        let node = self.work_out(expression, scope, origin, span);
        self.depth.set(self.depth.get() - 1);
        node
    }

    fn work_out(
        &self,
        expression: &Expression,
        scope: &Scope,
        origin: Origin<'_>,
        span: Span,
    ) -> Node {
        let work = |expression: &Expression| self.expression(expression, scope, origin);
        let kind = match expression {
            Expression::Null(_) => Kind::Null,
            Expression::Bool(flag) => Kind::Bool(*flag.value()),
            Expression::Number(number) => Kind::Number(number.value().to_string()),
            Expression::String(text) => Kind::Text(text.value().clone()),
            Expression::Array(array) => Kind::List(array.iter().map(work).collect()),
            Expression::Object(object) => {
                let mut entries = Vec::new();
                for (key, value) in object {
                    let name = match key {
                        ObjectKey::Ident(ident) => Some(ident.as_str().to_owned()),
                        ObjectKey::Expression(key) => text_of(&work(key)),
                    };
                    let Some(key) = name else {
                        return unknown(span, "one of its names can't be worked out");
                    };
                    let value = work(value.expr());
                    let key_span = value.span;
                    entries.push(Entry {
                        key,
                        key_span,
                        value,
                    });
                }
                Kind::Object(entries)
            }
            Expression::StringTemplate(template) => {
                return self.template(template, scope, origin, span);
            }
            Expression::HeredocTemplate(heredoc) => {
                return self.template(&heredoc.template, scope, origin, span);
            }
            Expression::Parenthesis(inner) => work(inner.inner()).kind,
            Expression::Variable(name) => named(name.as_str(), scope, span).kind,
            Expression::Conditional(choice) => match work(&choice.cond_expr).kind {
                Kind::Bool(true) => work(&choice.true_expr).kind,
                Kind::Bool(false) => work(&choice.false_expr).kind,
                _ => Kind::Unknown("its condition can't be worked out".to_owned()),
            },
            Expression::FuncCall(call) => {
                let arguments: Vec<Node> = call.args.iter().map(work).collect();
                if call.args.expand_final() || call.name.is_namespaced() {
                    return unknown(span, "it calls a function in a way that is not read");
                }
                functions::call(call.name.name.as_str(), &arguments, span).kind
            }
            Expression::Traversal(traversal) => self.traversal(traversal, scope, origin, span).kind,
            Expression::UnaryOp(unary) => {
                operators::unary(*unary.operator.value(), &work(&unary.expr))
            }
            Expression::BinaryOp(binary) => {
                let (left, right) = (work(&binary.lhs_expr), work(&binary.rhs_expr));
                operators::binary(*binary.operator.value(), &left, &right)
            }
            Expression::ForExpr(each) => self.for_each(each, scope, origin, span).kind,
        };
        let node = Node { kind, span };
        if self.spend(size(&node)) {
            node
        } else {
            unknown(span, TOO_MUCH)
        }
    }

    fn template(&self, template: &Template, scope: &Scope, origin: Origin<'_>, span: Span) -> Node {
        let mut text = String::new();
        for element in template {
            let part = match element {
                Element::Literal(literal) => literal.to_string(),
                Element::Directive(_) => return unknown(span, "its template has directives"),
                Element::Interpolation(interpolation) => {
                    let value = self.expression(&interpolation.expr, scope, origin);
                    if template.len() == 1 {
                        // One interpolation alone keeps its type.
                        return Node {
                            kind: value.kind,
                            span,
                        };
                    }
                    match (text_of(&value), value.kind) {
                        (Some(part), _) => part,
                        (None, kind @ (Kind::Unknown(_) | Kind::Sensitive)) => {
                            return Node { kind, span };
                        }
                        (None, _) => return unknown(span, "a part of its template is no text"),
                    }
                }
            };
            text.push_str(&part);
            if text.len() > MAX_TEXT {
                return unknown(span, TOO_MUCH);
            }
        }
        let kind = Kind::Text(text);
        Node { kind, span }
    }

    fn for_each(&self, each: &ForExpr, scope: &Scope, origin: Origin<'_>, span: Span) -> Node {
        let collection = self.expression(&each.intro.collection_expr, scope, origin);
        let Some(pairs) = pairs(&collection) else {
            return unknown(span, "what it iterates over can't be worked out");
        };
        let (mut list, mut entries) = (Vec::new(), Vec::new());
        for (key, value) in pairs {
            let mut inner = scope.clone();
            if let Some(name) = &each.intro.key_var {
                inner.names.push((name.as_str().to_owned(), key));
            }
            inner
                .names
                .push((each.intro.value_var.as_str().to_owned(), value));
            let work = |expression: &Expression| self.expression(expression, &inner, origin);
            match each
                .cond
                .as_ref()
                .map(|condition| work(&condition.expr).kind)
            {
                None | Some(Kind::Bool(true)) => {}
                Some(Kind::Bool(false)) => continue,
                Some(_) => return unknown(span, "its filter can't be worked out"),
            }
            let value = work(&each.value_expr);
            match each.key_expr.as_ref().map(|key| text_of(&work(key))) {
                None => list.push(value),
                Some(Some(key)) if !each.grouping => {
                    let key_span = value.span;
                    entries.push(Entry {
                        key,
                        key_span,
                        value,
                    });
                }
                Some(_) => return unknown(span, "its keys can't be worked out"),
            }
        }
        let is_list = each.key_expr.is_none();
        let kind = if is_list {
            Kind::List(list)
        } else {
            Kind::Object(entries)
        };
        Node { kind, span }
    }

    fn traversal(
        &self,
        traversal: &Traversal,
        scope: &Scope,
        origin: Origin<'_>,
        span: Span,
    ) -> Node {
        let keys: Vec<Node> = traversal
            .operators
            .iter()
            .map(|operator| self.step(operator.value(), scope, origin, span))
            .collect();
        let Expression::Variable(root) = &traversal.expr else {
            let start = self.expression(&traversal.expr, scope, origin);
            return operators::follow(start, &keys, span);
        };
        let is_in_scope = scope.names.iter().any(|(name, _)| name == root.as_str());
        match (root.as_str(), keys.as_slice()) {
            (name, keys) if is_in_scope => operators::follow(named(name, scope, span), keys, span),
            ("var", [name, rest @ ..]) => operators::follow(self.variable(name, span), rest, span),
            ("local", [name, rest @ ..]) => operators::follow(self.local(name, span), rest, span),
            ("each" | "count" | "path" | "terraform" | "self" | "module", _) => {
                unknown(span, format!("it refers to `{}`", root.as_str()))
            }
            (root, keys) => operators::reference(self.definitions, root, keys, span),
        }
    }

    fn variable(&self, name: &Node, span: Span) -> Node {
        let name = name.as_text().unwrap_or_default();
        let Some(variable) = self.definitions.variables.get(name) else {
            return unknown(
                span,
                format!("variable `{name}` is not defined in these files"),
            );
        };
        if variable.is_sensitive {
            return Node {
                kind: Kind::Sensitive,
                span,
            };
        }
        let Some(default) = variable.default else {
            return unknown(span, format!("variable `{name}` has no default"));
        };
        self.used_defaults.borrow_mut().insert(name.to_owned());
        let value = match default {
            Written::Hcl(..) => self.written(default, &Scope::default()),
            // Defaults in JSON are values, not templates.
            Written::Json(node) => node.clone(),
        };
        self.copied(value, span)
    }

    fn local(&self, name: &Node, span: Span) -> Node {
        let name = name.as_text().unwrap_or_default();
        let known = self.locals.borrow().get(name).cloned();
        if let Some(known) = known {
            return self.copied(known, span);
        }
        let Some(written) = self.definitions.locals.get(name) else {
            return unknown(
                span,
                format!("local value `{name}` is not defined in these files"),
            );
        };
        // What refers to itself finds this.
        let itself = unknown(span, format!("local value `{name}` refers to itself"));
        self.locals.borrow_mut().insert(name.to_owned(), itself);
        let value = self.written(*written, &Scope::default());
        self.locals
            .borrow_mut()
            .insert(name.to_owned(), value.clone());
        self.copied(value, span)
    }

    fn copied(&self, value: Node, span: Span) -> Node {
        if self.spend(size(&value)) {
            value
        } else {
            unknown(span, TOO_MUCH)
        }
    }

    fn spend(&self, values: usize) -> bool {
        let left = self.budget.get().checked_sub(values);
        self.budget.set(left.unwrap_or(0));
        left.is_some()
    }
}

/// The value of a name that the scope knows.
fn named(name: &str, scope: &Scope, span: Span) -> Node {
    let found = scope.names.iter().rev().find(|(known, _)| known == name);
    match found {
        Some((_, value)) => Node {
            kind: value.kind.clone(),
            span,
        },
        None => unknown(span, format!("`{name}` is not known here")),
    }
}

/// The keys and values that are iterated over, in the order of Terraform.
pub(super) fn pairs(collection: &Node) -> Option<Vec<(Node, Node)>> {
    let span = collection.span;
    match &collection.kind {
        Kind::List(elements) => {
            let numbered = elements.iter().enumerate();
            let number = |index: usize| Node {
                kind: Kind::Number(index.to_string()),
                span,
            };
            Some(
                numbered
                    .map(|(index, value)| (number(index), value.clone()))
                    .collect(),
            )
        }
        Kind::Object(entries) => {
            let mut pairs: Vec<_> = entries
                .iter()
                .map(|entry| (&entry.key, &entry.value))
                .collect();
            pairs.sort_by_key(|(key, _)| *key);
            let text = |key: &String| Node {
                kind: Kind::Text(key.clone()),
                span,
            };
            Some(
                pairs
                    .into_iter()
                    .map(|(key, value)| (text(key), value.clone()))
                    .collect(),
            )
        }
        _ => None,
    }
}

/// The text of a value, as templates and names write it.
pub(super) fn text_of(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Text(text) | Kind::Number(text) => Some(text.clone()),
        Kind::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// How much a value costs: so that lists of lists of lists end.
fn size(node: &Node) -> usize {
    match &node.kind {
        Kind::List(elements) => 1 + elements.iter().map(size).sum::<usize>(),
        Kind::Object(entries) => {
            1 + entries
                .iter()
                .map(|entry| 1 + entry.key.len() / 16 + size(&entry.value))
                .sum::<usize>()
        }
        Kind::Text(text) => 1 + text.len() / 16,
        _ => 1,
    }
}

/// Most values that are made for one table: a hundred times what the largest real module needs.
const MAX_VALUES: usize = 1_000_000;
/// Most expressions inside each other, those of local values included.
const MAX_DEPTH: usize = 128;
/// Longest text that a template makes; the load balancer takes 1,024 characters at most.
const MAX_TEXT: usize = 1 << 16;
const TOO_MUCH: &str = "working it out takes more than is allowed";
