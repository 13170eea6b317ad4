//! Operators, steps into values, and references to resources.

use hcl_edit::expr::{BinaryOperator, TraversalOperator, UnaryOperator};

use super::definitions::Definitions;
use super::evaluate::{Evaluator, Origin, Scope};
use super::unknown;
use crate::reader::node::{Kind, Node};
use crate::reader::terraform::resource::{canonical_kind, key_suffix};
use crate::source::Span;

impl Evaluator<'_> {
    /// What a step of a traversal goes to: a name or a number. A splat is unknown.
    pub(super) fn step(
        &self,
        operator: &TraversalOperator,
        scope: &Scope,
        origin: Origin<'_>,
        span: Span,
    ) -> Node {
        let kind = match operator {
            TraversalOperator::GetAttr(name) => Kind::Text(name.as_str().to_owned()),
            TraversalOperator::Index(index) => self.expression(index, scope, origin).kind,
            TraversalOperator::LegacyIndex(index) => Kind::Number(index.value().to_string()),
            TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => {
                Kind::Unknown("it has a splat".to_owned())
            }
        };
        Node { kind, span }
    }
}

/// The value below a value.
pub(super) fn follow(start: Node, keys: &[Node], span: Span) -> Node {
    let mut node = start;
    for key in keys {
        let next = match (&node.kind, &key.kind) {
            (Kind::Unknown(_) | Kind::Sensitive, _) => return node,
            (_, Kind::Unknown(why)) => return unknown(span, why.clone()),
            (Kind::Object(entries), Kind::Text(name) | Kind::Number(name)) => {
                let found = entries.iter().find(|entry| entry.key == *name);
                found.map(|entry| entry.value.clone())
            }
            (Kind::List(elements), Kind::Number(index) | Kind::Text(index)) => {
                let index = index.parse::<usize>().ok();
                index.and_then(|index| elements.get(index).cloned())
            }
            _ => None,
        };
        let Some(next) = next else {
            let shown = key.as_text().unwrap_or("its index");
            return unknown(span, format!("there is no `{shown}` in what it refers to"));
        };
        node = next;
    }
    node
}

/// The identity of a resource: `aws_lb_listener.https.arn`, with an index or without.
pub(super) fn reference(
    definitions: &Definitions<'_>,
    root: &str,
    keys: &[Node],
    span: Span,
) -> Node {
    let (mode, kind, rest) = match (root, keys) {
        ("data", [kind, rest @ ..]) => ("data.", kind.as_text().unwrap_or_default(), rest),
        (kind, rest) => ("", kind, rest),
    };
    let (name, key, attribute) = match rest {
        [name, attribute] => (name, String::new(), attribute),
        [name, key, attribute] => match key_suffix(key) {
            Some(key) => (name, key, attribute),
            None => {
                return unknown(
                    span,
                    format!("the index of `{mode}{kind}` can't be worked out"),
                );
            }
        },
        _ => {
            return unknown(
                span,
                format!("it refers to `{mode}{kind}` in a way that is not read"),
            );
        }
    };
    let name = name.as_text().unwrap_or_default();
    let is_defined = definitions.resources.iter().any(|declared| {
        declared.kind == kind && declared.name == name && declared.is_data == (mode == "data.")
    });
    let attribute = attribute.as_text().unwrap_or_default();
    if !is_defined {
        return unknown(
            span,
            format!("`{mode}{kind}.{name}` is not defined in these files"),
        );
    }
    if canonical_kind(kind).is_none() || !matches!(attribute, "arn" | "id") {
        let message =
            format!("`{mode}{kind}.{name}.{attribute}` is known only after it is applied");
        return unknown(span, message);
    }
    let kind = Kind::Reference(format!("{mode}{kind}.{name}{key}"));
    Node { kind, span }
}

pub(super) fn unary(operator: UnaryOperator, operand: &Node) -> Kind {
    match (operator, &operand.kind) {
        (UnaryOperator::Not, Kind::Bool(flag)) => Kind::Bool(!flag),
        (UnaryOperator::Neg, Kind::Number(number)) => {
            match whole(number).and_then(i64::checked_neg) {
                Some(number) => Kind::Number(number.to_string()),
                None => open(),
            }
        }
        (_, kind @ (Kind::Unknown(_) | Kind::Sensitive)) => kind.clone(),
        _ => open(),
    }
}

pub(super) fn binary(operator: BinaryOperator, left: &Node, right: &Node) -> Kind {
    for side in [left, right] {
        if let Kind::Unknown(_) | Kind::Sensitive = side.kind {
            return side.kind.clone();
        }
    }
    match operator {
        BinaryOperator::Eq => return equal(left, right).map_or_else(open, Kind::Bool),
        BinaryOperator::NotEq => {
            return equal(left, right).map_or_else(open, |is_equal| Kind::Bool(!is_equal));
        }
        _ => {}
    }
    if let (Kind::Bool(left), Kind::Bool(right)) = (&left.kind, &right.kind) {
        return match operator {
            BinaryOperator::And => Kind::Bool(*left && *right),
            BinaryOperator::Or => Kind::Bool(*left || *right),
            _ => open(),
        };
    }
    let (Kind::Number(left), Kind::Number(right)) = (&left.kind, &right.kind) else {
        return open();
    };
    let (Some(left), Some(right)) = (whole(left), whole(right)) else {
        return open();
    };
    let number = match operator {
        BinaryOperator::Less => return Kind::Bool(left < right),
        BinaryOperator::LessEq => return Kind::Bool(left <= right),
        BinaryOperator::Greater => return Kind::Bool(left > right),
        BinaryOperator::GreaterEq => return Kind::Bool(left >= right),
        BinaryOperator::Plus => left.checked_add(right),
        BinaryOperator::Minus => left.checked_sub(right),
        BinaryOperator::Mul => left.checked_mul(right),
        BinaryOperator::Div if left.checked_rem(right) == Some(0) => left.checked_div(right),
        BinaryOperator::Mod => left.checked_rem(right),
        _ => None,
    };
    number.map_or_else(open, |number| Kind::Number(number.to_string()))
}

/// Whether two plain values are equal; `None` when that can't be told.
pub(super) fn equal(left: &Node, right: &Node) -> Option<bool> {
    match (&left.kind, &right.kind) {
        (Kind::Text(a), Kind::Text(b)) => Some(a == b),
        (Kind::Bool(a), Kind::Bool(b)) => Some(a == b),
        (Kind::Number(a), Kind::Number(b)) => Some(whole(a)? == whole(b)?),
        (Kind::Null, Kind::Null) => Some(true),
        (Kind::Null, Kind::Text(_) | Kind::Bool(_) | Kind::Number(_))
        | (Kind::Text(_) | Kind::Bool(_) | Kind::Number(_), Kind::Null) => Some(false),
        _ => None,
    }
}

fn whole(number: &str) -> Option<i64> {
    number.parse().ok()
}

fn open() -> Kind {
    Kind::Unknown("its operation is not one that is worked out".to_owned())
}
