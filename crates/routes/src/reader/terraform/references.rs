//! What a plan's configuration says a value refers to.
//!
//! The plan repeats for each expression only the list of names in it. That is enough when the names lead to one
//! resource: directly, through variables that a module is called with, or through a module's outputs. Where the
//! index is `each.key` or `count.index`, the instance with the key of the resource itself is meant, which is said. What
//! depends on a local value, on `each.value` or on several resources stays open.

use super::address::{Step, steps};
use super::resource::{CERTIFICATE, LISTENER, RULE, Resource, canonical_kind};
use crate::reader::node::{Entry, Kind, Node};
use crate::reader::notes::Notes;

/// The configuration of a plan.
pub(super) struct Configuration<'a> {
    root: Option<&'a Node>,
}

/// Where an expression stands.
#[derive(Clone)]
struct Scope<'a> {
    /// The module calls down to it.
    path: Vec<Step>,
    /// The modules' configurations, the root first.
    modules: Vec<&'a Node>,
    /// The key of the resource or module call that the expression belongs to.
    key: Option<String>,
}

/// What a reference leads to.
struct Found {
    address: String,
    is_by_key: bool,
}

impl<'a> Configuration<'a> {
    pub(super) fn of(document: &'a Node) -> Self {
        Self {
            root: document.find(&["configuration", "root_module"]),
        }
    }

    /// Puts references in the place of ARNs that are not known yet.
    pub(super) fn link(&self, resource: &mut Resource, notes: &Notes) {
        if ![RULE, LISTENER, CERTIFICATE].contains(&resource.kind.as_str()) {
            return;
        }
        let Some((scope, expressions)) = self.expressions(&resource.address) else {
            return;
        };
        let linker = Linker {
            scope,
            notes,
            address: resource.address.clone(),
        };
        linker.link(&mut resource.values, "listener_arn", expressions);
        for actions in ["action", "default_action"] {
            linker.link_actions(&mut resource.values, actions, expressions);
        }
    }

    /// The expressions of a resource's arguments, and where they stand.
    fn expressions(&self, address: &str) -> Option<(Scope<'a>, &'a Node)> {
        let mut scope = Scope {
            path: Vec::new(),
            modules: vec![self.root?],
            key: None,
        };
        let steps = steps(address)?;
        let mut rest = steps.as_slice();
        while let [module, call, after @ ..] = rest {
            if module.name != "module" {
                break;
            }
            scope = scope.inside(call)?;
            rest = after;
        }
        let [kind, name] = rest else { return None };
        scope.key.clone_from(&name.key);
        let resources = scope.modules.last()?.get("resources")?.each();
        let is_it = |node: &&Node| {
            let text = |key| node.get(key).and_then(Node::as_text);
            text("type") == Some(&kind.name)
                && text("name") == Some(&name.name)
                && text("mode") != Some("data")
        };
        Some((
            scope.clone(),
            resources.iter().find(is_it)?.get("expressions")?,
        ))
    }
}

impl<'a> Scope<'a> {
    fn inside(&self, call: &Step) -> Option<Self> {
        let module = self.modules.last()?;
        let module = module.find(&["module_calls", &call.name, "module"])?;
        let mut inner = self.clone();
        inner.path.push(call.clone());
        inner.modules.push(module);
        inner.key = None;
        Some(inner)
    }

    /// What the variable of this module is called with, and where that stands.
    fn argument(&self, name: &str) -> Option<(Self, &'a Node)> {
        let mut outer = self.clone();
        let call = outer.path.pop()?;
        outer.modules.pop();
        outer.key = call.key;
        let module = outer.modules.last()?;
        let argument = module.find(&["module_calls", &call.name, "expressions", name])?;
        Some((outer, argument))
    }

    fn prefix(&self) -> String {
        let steps = self.path.iter();
        let each = steps.map(|step| {
            format!(
                "module.{}{}.",
                step.name,
                step.key.as_deref().unwrap_or_default()
            )
        });
        each.collect()
    }

    /// The one resource that an expression refers to, or why there is none.
    fn resolve(&self, expression: &Node, depth: usize) -> Result<Found, String> {
        let references = expression.get("references").map_or(&[][..], Node::each);
        let texts: Vec<&str> = references.iter().filter_map(Node::as_text).collect();
        if depth > MAX_DEPTH || texts.len() > MAX_REFERENCES {
            return Err("it refers to too much".to_owned());
        }
        let is_part = |text: &str| {
            texts.iter().any(|other| {
                other
                    .strip_prefix(text)
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
            })
        };
        let whole: Vec<&str> = texts
            .iter()
            .copied()
            .filter(|text| !is_part(text))
            .collect();
        let (keys, names): (Vec<&str>, Vec<&str>) = whole
            .into_iter()
            .partition(|text| matches!(*text, "each.key" | "count.index"));
        let [name] = names.as_slice() else {
            return Err(match names.as_slice() {
                [] => "the plan does not say what it refers to".to_owned(),
                many => format!("it refers to `{}`", many.join("`, `")),
            });
        };
        self.follow(name, !keys.is_empty(), depth)
    }

    fn follow(&self, name: &str, is_by_key: bool, depth: usize) -> Result<Found, String> {
        let open = || format!("it refers to `{name}`, of which the plan does not say what it is");
        let all = steps(name).ok_or_else(open)?;
        match all.as_slice() {
            [var, variable] if var.name == "var" && variable.key.is_none() && !is_by_key => {
                let (outer, argument) = self.argument(&variable.name).ok_or_else(open)?;
                outer.resolve(argument, depth + 1)
            }
            [module, call, output] if module.name == "module" && !is_by_key => {
                let inner = self.inside(call).ok_or_else(open)?;
                let outputs = inner
                    .modules
                    .last()
                    .and_then(|m| m.find(&["outputs", &output.name, "expression"]));
                inner.resolve(outputs.ok_or_else(open)?, depth + 1)
            }
            [data, rest @ ..] if data.name == "data" => {
                self.resource("data.", rest, is_by_key).ok_or_else(open)
            }
            rest => self.resource("", rest, is_by_key).ok_or_else(open),
        }
    }

    fn resource(&self, mode: &str, steps: &[Step], is_by_key: bool) -> Option<Found> {
        let (kind, name, attribute) = match steps {
            [kind, name] => (kind, name, None),
            [kind, name, attribute] => (kind, name, Some(attribute.name.as_str())),
            _ => return None,
        };
        canonical_kind(&kind.name)?;
        let key = match (attribute, &name.key) {
            (Some("arn" | "id"), Some(key)) if !is_by_key => key.clone(),
            (Some("arn" | "id"), None) if !is_by_key => String::new(),
            // Names with an index that is computed are listed without index and attribute.
            (None, None) if is_by_key => self.key.clone()?,
            _ => return None,
        };
        let address = format!("{}{mode}{}.{}{key}", self.prefix(), kind.name, name.name);
        Some(Found { address, is_by_key })
    }
}

/// Links the values of one resource.
struct Linker<'n, 'a> {
    scope: Scope<'a>,
    notes: &'n Notes,
    address: String,
}

impl Linker<'_, '_> {
    fn link(&self, values: &mut Node, key: &str, expressions: &Node) {
        let Some(value) = unknown(values, key) else {
            return;
        };
        let Some(expression) = expressions.get(key) else {
            return;
        };
        self.set(value, expression, key);
    }

    fn set(&self, value: &mut Node, expression: &Node, key: &str) {
        value.kind = match self.scope.resolve(expression, 0) {
            Err(why) => Kind::Unknown(format!("{why}, and {NOT_YET}")),
            Ok(found) => {
                if found.is_by_key {
                    let message = format!(
                        "`{key}` of `{}` is read as `{}`: the plan says that it depends on the key alone",
                        self.address, found.address
                    );
                    self.notes.assumed(Some(value.span), message, BY_KEY_HELP);
                }
                Kind::Reference(found.address)
            }
        };
    }

    fn link_actions(&self, values: &mut Node, key: &str, expressions: &Node) {
        let expressions = expressions.get(key).map_or(&[][..], Node::each);
        let Some(actions) = get_mut(values, key).and_then(list_mut) else {
            return;
        };
        if actions.len() != expressions.len() {
            return;
        }
        for (action, expression) in actions.iter_mut().zip(expressions) {
            self.link(action, "target_group_arn", expression);
            let forward = get_mut(action, "forward")
                .and_then(list_mut)
                .and_then(|f| f.first_mut());
            let groups = forward
                .and_then(|forward| get_mut(forward, "target_group"))
                .and_then(list_mut);
            let stated = expression
                .get("forward")
                .and_then(|node| node.each().first());
            let stated = stated.and_then(|node| node.get("target_group"));
            if let (Some(groups), Some(stated)) = (groups, stated) {
                self.link_groups(groups, stated.each());
            }
        }
    }

    /// Groups are a set: the plan lists them in another order than the configuration. Their weights tell them apart.
    fn link_groups(&self, groups: &mut [Node], stated: &[Node]) {
        let planned: Vec<Option<String>> = groups
            .iter()
            .map(|group| number(group.get("weight")))
            .collect();
        let written: Vec<Option<String>> = stated
            .iter()
            .map(|node| number(node.find(&["weight", "constant_value"])))
            .collect();
        let are_alike = planned.iter().all(|weight| Some(weight) == planned.first());
        if groups.len() != stated.len() {
            return;
        }
        let mut used = vec![false; stated.len()];
        for (index, group) in groups.iter_mut().enumerate() {
            let weight = planned.get(index).cloned().flatten();
            let wanted = |at: &usize| {
                let is_free = used.get(*at) == Some(&false);
                is_free && (are_alike || written.get(*at).is_some_and(|written| *written == weight))
            };
            let Some(at) = (0..stated.len()).find(wanted) else {
                continue;
            };
            if let Some(slot) = used.get_mut(at) {
                *slot = true;
            }
            if let Some(expression) = stated.get(at) {
                self.link(group, "arn", expression);
            }
        }
    }
}

fn number(node: Option<&Node>) -> Option<String> {
    match &node?.kind {
        Kind::Number(digits) => Some(digits.clone()),
        _ => None,
    }
}

fn get_mut<'v>(node: &'v mut Node, key: &str) -> Option<&'v mut Node> {
    let Kind::Object(entries) = &mut node.kind else {
        return None;
    };
    let entry: &mut Entry = entries.iter_mut().find(|entry| entry.key == key)?;
    Some(&mut entry.value)
}

fn list_mut(node: &mut Node) -> Option<&mut Vec<Node>> {
    match &mut node.kind {
        Kind::List(elements) => Some(elements),
        _ => None,
    }
}

/// The value called `key` if it is one that is not known.
fn unknown<'v>(values: &'v mut Node, key: &str) -> Option<&'v mut Node> {
    get_mut(values, key).filter(|value| matches!(value.kind, Kind::Unknown(_)))
}

/// Most modules and variables on the way to a resource.
const MAX_DEPTH: usize = 64;
/// Most names in one expression.
const MAX_REFERENCES: usize = 1000;
const NOT_YET: &str = "its value is known only after the plan is applied";
const BY_KEY_HELP: &str =
    "if the index is not the key itself, check the state after the plan is applied";
