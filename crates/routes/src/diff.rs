//! What changes between two tables: the requests whose target is another, and nothing else.
//!
//! For every old rule and new rule with different actions: is there a request that the old one decided and the new one
//! decides? Each yes is a region, with a shortest request of it. Order, names and priorities don't matter, so a
//! permuted table differs in nothing.

use std::collections::HashMap;

use crate::arrival;
use crate::matcher::select;
use crate::model::{
    Action, Condition, HostPort, Listener, Pattern, QueryPair, Table, Test, WeightedGroup,
};
use crate::prover::{NODE_BUDGET, Prover, SetId, Verdict};
use crate::questions::{Decider, Questions, literal_hosts};
use crate::request::Request;

/// The difference of two tables.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// Regions whose target changes.
    pub changes: Vec<Change>,
    /// Listeners of the old table that the new one lacks.
    pub only_old: Vec<String>,
    /// Listeners that the new table adds.
    pub only_new: Vec<String>,
    /// Regions that could not be decided, one sentence each.
    pub undecided: Vec<String>,
}

/// The requests that one old rule decided and one new rule decides, with another target.
#[derive(Clone, Debug)]
pub struct Change {
    /// Name of the new listener.
    pub listener: String,
    /// The old rule; `None` was the default action.
    pub old_rule: Option<String>,
    /// The new rule; `None` is the default action.
    pub new_rule: Option<String>,
    /// The old target.
    pub from: String,
    /// The new target.
    pub to: String,
    /// A shortest request of the region.
    pub witness: Request<'static>,
    /// Whether only requests that no well-behaved client sends are concerned.
    pub is_odd: bool,
}

impl Diff {
    /// Whether nothing changes, proven.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
            && self.only_old.is_empty()
            && self.only_new.is_empty()
            && self.undecided.is_empty()
    }
}

/// Compares two tables. A new listener is compared with the old one of its name, else with that of its protocol and
/// port, else with one whose certificates cover a host that it is for. When one old listener becomes several, each is
/// compared for the hosts it is for: its certificates' names, else the hosts that its rules name; and the only one
/// that keeps the name, or the protocol and port, for all hosts that no other is for.
pub fn diff(old: &Table, new: &Table) -> Diff {
    let mut diff = Diff::default();
    let partners: Vec<Option<&Listener>> = new
        .listeners
        .iter()
        .map(|listener| partner(old, listener))
        .collect();
    for (listener, before) in new.listeners.iter().zip(&partners) {
        let Some(before) = before else {
            diff.only_new.push(listener.name.clone());
            continue;
        };
        let siblings: Vec<&Listener> = new
            .listeners
            .iter()
            .zip(&partners)
            .filter(|(_, partner)| partner.is_some_and(|other| other.name == before.name))
            .map(|(sibling, _)| sibling)
            .collect();
        compare(
            before,
            listener,
            &Scope::of(before, listener, &siblings),
            &mut diff,
        );
    }
    let gone = old.listeners.iter().filter(|old| {
        let is_partner = |partner: Option<&Listener>| partner.is_some_and(|p| p.name == old.name);
        !partners.iter().copied().any(is_partner)
    });
    diff.only_old = gone.map(|listener| listener.name.clone()).collect();
    diff
}

fn partner<'t>(old: &'t Table, new: &Listener) -> Option<&'t Listener> {
    let same_port = |other: &&Listener| is_in_place_of(other, new);
    let own = hosts(new);
    let covers_one = |other: &&Listener| {
        let names = other
            .certificates
            .iter()
            .flat_map(|certificate| &certificate.names);
        names
            .into_iter()
            .any(|name| own.iter().any(|host| arrival::covers(name, host)))
    };
    old.listener(&new.name)
        .or_else(|| old.listeners.iter().find(same_port))
        .or_else(|| old.listeners.iter().find(covers_one))
}

fn is_in_place_of(old: &Listener, new: &Listener) -> bool {
    old.name == new.name || (old.protocol, old.port) == (new.protocol, new.port)
}

fn hosts(listener: &Listener) -> Vec<String> {
    let mut hosts: Vec<String> = listener
        .certificates
        .iter()
        .flat_map(|certificate| certificate.names.clone())
        .collect();
    if hosts.is_empty() {
        hosts = listener.rules.iter().flat_map(literal_hosts).collect();
    }
    hosts.sort();
    hosts.dedup();
    hosts
}

/// For which hosts two listeners are compared.
#[derive(Default)]
struct Scope {
    /// These only; all when empty.
    within: Vec<String>,
    /// But none of these.
    without: Vec<String>,
}

impl Scope {
    fn of(old: &Listener, new: &Listener, siblings: &[&Listener]) -> Self {
        let others = siblings.iter().filter(|other| other.name != new.name);
        if siblings.len() < 2 {
            return Self::default();
        }
        let in_place = siblings.iter().filter(|other| is_in_place_of(old, other));
        if is_in_place_of(old, new) && in_place.count() == 1 {
            return Self {
                within: Vec::new(),
                without: others.flat_map(|other| hosts(other)).collect(),
            };
        }
        Self {
            within: hosts(new),
            without: Vec::new(),
        }
    }

    /// The sets of requests that it stands for.
    fn sets(&self, prover: &mut Prover) -> (Option<SetId>, Option<SetId>) {
        let mut set = |hosts: &[String]| {
            let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
            (!hosts.is_empty()).then(|| prover.add(&[Condition::host(&hosts)]))
        };
        (set(&self.within), set(&self.without))
    }
}

/// Compares two listeners for the hosts of a scope.
fn compare(old: &Listener, new: &Listener, scope: &Scope, diff: &mut Diff) {
    let mut prover = Prover::new(if old.host_port == new.host_port {
        new.host_port
    } else {
        HostPort::default()
    });
    let (old_side, new_side) = (Side::new(old, &mut prover), Side::new(new, &mut prover));
    let (within, without) = scope.sets(&mut prover);
    let mut left = MAX_NODES;
    for before in &old_side.deciders {
        for after in &new_side.deciders {
            if is_same(before.action, after.action)
                || new_side.takes_before(after, &old_side, before)
                || old_side.takes_before(before, &new_side, after)
            {
                continue;
            }
            let own = [old_side.own(before), new_side.own(after), within];
            let positive: Vec<SetId> = own.into_iter().flatten().collect();
            if prover.find(&positive, &[]) == Verdict::Proven {
                continue;
            }
            let earlier = old_side
                .earlier(before)
                .iter()
                .chain(new_side.earlier(after));
            let negative: Vec<SetId> = earlier.copied().chain(without).collect();
            let (verdict, nodes) = prover.find_within(&positive, &negative, left.min(NODE_BUDGET));
            left = left.saturating_sub(nodes);
            add(diff, (old, new), (before, after), verdict);
        }
    }
}

/// Adds what was found out about the requests that move from one decider to another.
fn add(
    diff: &mut Diff,
    (old, new): (&Listener, &Listener),
    (before, after): (&Decider<'_>, &Decider<'_>),
    verdict: Verdict,
) {
    let is_odd = matches!(verdict, Verdict::OddWitness(_));
    match verdict {
        Verdict::Proven => {}
        Verdict::Witness(witness) | Verdict::OddWitness(witness)
            if !is_same(select(old, &witness).action, select(new, &witness).action) =>
        {
            diff.changes
                .push(change(new, before, after, witness, is_odd));
        }
        _ => diff.undecided.push(format!(
            "could not decide whether a request moves from {} to {}",
            before.name(),
            after.name()
        )),
    }
}

/// A listener's deciders and their sets.
struct Side<'t> {
    deciders: Vec<Decider<'t>>,
    sets: Vec<SetId>,
    /// Per rule, its conditions as a text that is the same for the same conditions in any order.
    texts: Vec<String>,
    /// Per text, the first rule that has it.
    first: HashMap<String, usize>,
}

impl<'t> Side<'t> {
    fn new(listener: &'t Listener, prover: &mut Prover) -> Self {
        let deciders = Questions::deciders_of(listener);
        let rules = || deciders.iter().filter_map(|decider| decider.rule);
        let texts: Vec<String> = rules().map(|rule| text(&rule.conditions)).collect();
        let mut first = HashMap::new();
        for (index, text) in texts.iter().enumerate() {
            first.entry(text.clone()).or_insert(index);
        }
        Self {
            sets: rules().map(|rule| prover.add(&rule.conditions)).collect(),
            deciders,
            texts,
            first,
        }
    }

    /// Whether a rule with the other side's conditions stands here before `own`: then no request that the other side's
    /// rule decides gets to `own`, and the prover need not be asked. So only what was edited or moved is.
    fn takes_before(&self, own: &Decider<'_>, other_side: &Self, other: &Decider<'_>) -> bool {
        let text = other_side.texts.get(other.index);
        let here = text.and_then(|text| self.first.get(text));
        here.is_some_and(|&here| here < own.index)
    }

    fn own(&self, decider: &Decider<'_>) -> Option<SetId> {
        self.sets.get(decider.index).copied()
    }

    fn earlier(&self, decider: &Decider<'_>) -> &[SetId] {
        self.sets.get(..decider.index).unwrap_or_default()
    }
}

fn text(conditions: &[Condition]) -> String {
    let of_condition = |Condition { test, .. }: &Condition| {
        let mut values: Vec<String> = match test {
            Test::Host(values) | Test::Path(values) | Test::Header { values, .. } => {
                let kind = |value: &Pattern| matches!(value, Pattern::Regex(_));
                let text = |value: &Pattern| format!("{} {:?}", kind(value), value.text());
                values.iter().map(text).collect()
            }
            Test::Query(pairs) => {
                let key = |pair: &QueryPair| pair.key.as_ref().map(|key| key.text().to_owned());
                let text = |pair: &QueryPair| format!("{:?} {:?}", key(pair), pair.value.text());
                pairs.iter().map(text).collect()
            }
            Test::Method(_) | Test::SourceIp(_) => test.values(),
        };
        values.sort();
        let name = match test {
            Test::Header { name, .. } => name.to_ascii_lowercase(),
            _ => String::new(),
        };
        format!("{} {name:?} {values:?}", test.field())
    };
    let mut texts: Vec<String> = conditions.iter().map(of_condition).collect();
    texts.sort();
    texts.join("\n")
}

fn change(
    new: &Listener,
    before: &Decider<'_>,
    after: &Decider<'_>,
    witness: Request<'static>,
    is_odd: bool,
) -> Change {
    let name = |decider: &Decider<'_>| decider.rule.map(|rule| rule.name.clone());
    Change {
        listener: new.name.clone(),
        old_rule: name(before),
        new_rule: name(after),
        from: before.action.describe(),
        to: after.action.describe(),
        witness,
        is_odd,
    }
}

/// Whether two actions do the same: for target groups, the same groups with the same shares.
fn is_same(a: &Action, b: &Action) -> bool {
    match (a, b) {
        (Action::Forward(a), Action::Forward(b)) => shares(&a.groups) == shares(&b.groups),
        (Action::FixedResponse(a), Action::FixedResponse(b)) => a.answers_like(b),
        _ => a == b,
    }
}

/// What part of the requests each group gets, sorted.
fn shares(groups: &[WeightedGroup]) -> Vec<(&str, u64)> {
    let total: u64 = groups.iter().map(|group| u64::from(group.weight)).sum();
    let share = |group: &WeightedGroup| u64::from(group.weight) * SHARE / total.max(1);
    let mut shares: Vec<_> = groups
        .iter()
        .map(|group| (group.group.as_str(), share(group)))
        .collect();
    shares.sort_unstable();
    shares
}

/// Search nodes for all questions about two listeners together, so that a comparison of tables of the worst kind ends;
/// what is left then is undecided, which is no empty difference.
const MAX_NODES: usize = 400_000;
/// Shares are compared as parts of this.
const SHARE: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FixedResponse;
    use crate::testing::{listener, rule};

    fn table(listeners: Vec<Listener>) -> Table {
        Table {
            listeners,
            ..Table::default()
        }
    }

    fn shared() -> Listener {
        let registry = Condition::host(&["registry.example.com"]);
        listener(vec![
            rule(
                10,
                vec![registry, Condition::path(&["/mlflow*"])],
                "registry",
            ),
            rule(100, vec![Condition::path(&["/api*"])], "api"),
        ])
    }

    #[test]
    fn what_an_answer_leaves_out_is_what_is_sent_for_it() {
        let answering = |content_type: Option<&str>, body: Option<&str>| {
            let mut listener = shared();
            listener.default = Action::FixedResponse(FixedResponse {
                status: 404,
                content_type: content_type.map(str::to_owned),
                body: body.map(str::to_owned),
            });
            table(vec![listener])
        };
        let short = answering(None, None);
        assert!(diff(&short, &answering(Some("text/plain"), Some(""))).is_empty());
        assert_eq!(
            diff(&short, &answering(Some("text/html"), None))
                .changes
                .len(),
            1
        );
        assert_eq!(
            diff(&short, &answering(None, Some("gone"))).changes.len(),
            1
        );
    }

    #[test]
    fn a_permuted_table_differs_in_nothing() {
        let old = shared();
        let mut new = shared();
        new.rules.reverse();
        new.rules[0].name = "other".to_owned();
        new.rules[1].priority = 7;
        assert!(diff(&table(vec![old]), &table(vec![new])).is_empty());
    }

    #[test]
    fn a_new_rule_changes_exactly_what_it_takes() {
        let mut new = shared();
        new.rules.push(rule(
            5,
            vec![Condition::host(&["auth.example.com"])],
            "auth",
        ));
        let found = diff(&table(vec![shared()]), &table(vec![new])).changes;
        let lines: Vec<String> = found
            .iter()
            .map(|c| format!("{}: {} -> {}", c.witness, c.from, c.to))
            .collect();
        assert_eq!(
            lines,
            [
                "GET auth.example.com/api: target group `api` -> target group `auth`",
                "GET auth.example.com/: a fixed 404 answer -> target group `auth`",
            ]
        );
    }

    #[test]
    fn one_listener_that_becomes_several_is_compared_host_by_host() {
        let mut auth = listener(vec![rule(
            1,
            vec![Condition::host(&["auth.example.com"])],
            "auth",
        )]);
        auth.name = "auth".to_owned();
        let mut registry = listener(vec![rule(
            1,
            vec![Condition::host(&["registry.example.com"])],
            "registry",
        )]);
        registry.name = "registry".to_owned();
        let diff = diff(&table(vec![shared()]), &table(vec![auth, registry]));
        let lines: Vec<String> = diff.changes.iter().map(|c| c.witness.to_string()).collect();
        assert_eq!(
            lines,
            [
                "GET auth.example.com/api",
                "GET auth.example.com/",
                "GET registry.example.com/api",
                "GET registry.example.com/",
            ]
        );
    }
}
