//! A table, ready to be enforced.

use std::collections::BTreeMap;
use std::sync::Arc;

use hokusai_routes::matcher;
use hokusai_routes::model::{Action, Listener, Test};
use hokusai_routes::request::Request as Seen;

use crate::group::Group;
use crate::load::SharedTable;
use crate::metrics::{Metrics, RuleCounters};
use crate::service::Services;
use crate::transform::Transforms;
use crate::unsupported::Unsupported;

/// A table with its running target groups.
pub(crate) struct Generation {
    pub(crate) loaded: SharedTable,
    pub(crate) listeners: BTreeMap<String, Routes>,
    pub(crate) groups: BTreeMap<String, Arc<Group>>,
}

/// A listener's rules in the order in which they are tried.
pub(crate) struct Routes {
    listener: Listener,
    /// One more than there are rules: the last belongs to the default.
    attached: Vec<Attached>,
    pub(crate) reads_headers: bool,
}

/// What goes with a rule.
pub(crate) struct Attached {
    pub(crate) transforms: Transforms,
    /// Of the rule's groups, in their order, then of answers without a group.
    counters: Vec<Arc<RuleCounters>>,
}

/// What a request selects.
pub(crate) struct Selected<'r> {
    pub(crate) rule: &'r str,
    pub(crate) is_default: bool,
    pub(crate) action: &'r Action,
    pub(crate) attached: &'r Attached,
}

impl Generation {
    /// Makes the groups of a table. Groups that `others` have in the same form are theirs, with all that is known of them;
    /// of others at least the health of the targets is taken over.
    pub(crate) fn new(
        loaded: SharedTable,
        others: &[Arc<Self>],
        services: &Services,
        metrics: &Metrics,
    ) -> Result<Self, Unsupported> {
        let mut groups = BTreeMap::new();
        for definition in &loaded.table.target_groups {
            let known = || {
                others
                    .iter()
                    .filter_map(|other| other.groups.get(&definition.name))
            };
            let fresh = Group::new(definition, services, metrics.group(&definition.name))?;
            let same = known().find(|group| group.definition == fresh.definition);
            let group = same.cloned().unwrap_or_else(|| {
                known().for_each(|group| fresh.inherit(group));
                Arc::new(fresh)
            });
            groups.insert(definition.name.clone(), group);
        }
        let listeners = loaded.table.listeners.iter();
        let listeners = listeners
            .map(|listener| Ok((listener.name.clone(), Routes::new(listener, metrics)?)))
            .collect::<Result<_, Unsupported>>()?;
        Ok(Self {
            loaded,
            listeners,
            groups,
        })
    }

    /// The groups that none of `others` has.
    pub(crate) fn new_groups<'g>(
        &'g self,
        others: &'g [Arc<Self>],
    ) -> impl Iterator<Item = &'g Arc<Group>> {
        self.groups.values().filter(|group| {
            let mut known = others
                .iter()
                .filter_map(|other| other.groups.get(&group.name));
            known.all(|known| !Arc::ptr_eq(known, group))
        })
    }
}

impl Routes {
    fn new(listener: &Listener, metrics: &Metrics) -> Result<Self, Unsupported> {
        let mut listener = listener.clone();
        // Stable: two rules with one priority keep the order of their source, like the matcher's.
        listener.rules.sort_by_key(|rule| rule.priority);
        let mut attached = Vec::new();
        for rule in &listener.rules {
            let transforms = Transforms::new(&rule.transforms)
                .map_err(|regex| Unsupported::Transform(rule.name.clone(), regex))?;
            attached.push(Attached {
                transforms,
                counters: counters(&listener.name, &rule.name, &rule.action, metrics),
            });
        }
        attached.push(Attached {
            transforms: Transforms::default(),
            counters: counters(&listener.name, DEFAULT, &listener.default, metrics),
        });
        Ok(Self {
            reads_headers: reads_headers(&listener),
            listener,
            attached,
        })
    }

    /// The first rule that matches, or the default. The rules stand in their order: no need to look at all.
    pub(crate) fn select(&self, request: &Seen<'_>) -> Option<Selected<'_>> {
        let matches = |rule| matcher::matches(rule, request, self.listener.host_port);
        let found = self.listener.rules.iter().position(matches);
        let index = found.unwrap_or(self.listener.rules.len());
        let rule = self.listener.rules.get(index);
        Some(Selected {
            rule: rule.map_or(DEFAULT, |rule| rule.name.as_str()),
            is_default: rule.is_none(),
            action: rule.map_or(&self.listener.default, |rule| &rule.action),
            attached: self.attached.get(index)?,
        })
    }
}

impl Attached {
    /// What counts answers of the group at `index` in the rule's list, or without one.
    pub(crate) fn counters(&self, index: Option<usize>) -> Option<&Arc<RuleCounters>> {
        match index {
            Some(index) => self.counters.get(index),
            None => self.counters.last(),
        }
    }
}

fn counters(
    listener: &str,
    rule: &str,
    action: &Action,
    metrics: &Metrics,
) -> Vec<Arc<RuleCounters>> {
    let groups = match action {
        Action::Forward(forward) => forward.groups.as_slice(),
        _ => &[],
    };
    let names = groups.iter().map(|group| group.group.as_str()).chain([""]);
    names
        .map(|group| metrics.rule(listener, rule, group))
        .collect()
}

/// Whether any rule looks at headers; most tables don't, and copying them costs.
fn reads_headers(listener: &Listener) -> bool {
    let mut conditions = listener.rules.iter().flat_map(|rule| &rule.conditions);
    conditions.any(|condition| matches!(condition.test, Test::Header { .. }))
}

/// What log and metrics call the default action.
const DEFAULT: &str = "default";
