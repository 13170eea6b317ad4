//! A listener's rules in order, with the prover that answers questions about them.

use crate::matcher::select;
use crate::model::{Action, Condition, Glob, HostPort, Listener, Pattern, Rule, Test};
use crate::prover::{Prover, SetId, Verdict};
use crate::request::Request;

/// A listener, ready to be asked.
#[derive(Debug)]
pub struct Questions<'t> {
    /// The listener.
    pub listener: &'t Listener,
    /// Its rules in the order in which they are tried.
    pub rules: Vec<&'t Rule>,
    prover: Prover,
    sets: Vec<SetId>,
}

/// Something that decides about requests: a rule, or the default action.
#[derive(Clone, Copy, Debug)]
pub struct Decider<'t> {
    /// Place in the order; the number of rules for the default.
    pub index: usize,
    /// The rule; `None` is the default.
    pub rule: Option<&'t Rule>,
    /// What it does.
    pub action: &'t Action,
}

impl<'t> Questions<'t> {
    /// Compiles the rules of a listener.
    pub fn new(listener: &'t Listener) -> Self {
        let rules = listener.ordered();
        let mut prover = Prover::new(listener.host_port);
        let sets = rules
            .iter()
            .map(|rule| prover.add(&rule.conditions))
            .collect();
        Self {
            listener,
            rules,
            prover,
            sets,
        }
    }

    /// All rules, then the default.
    pub fn deciders(&self) -> Vec<Decider<'t>> {
        Self::deciders_of(self.listener)
    }

    /// All rules of a listener in the order in which they are tried, then the default.
    pub fn deciders_of(listener: &'t Listener) -> Vec<Decider<'t>> {
        let rules = listener.ordered();
        let last = Decider {
            index: rules.len(),
            rule: None,
            action: &listener.default,
        };
        let rules = rules.into_iter().enumerate();
        rules
            .map(|(index, rule)| Decider {
                index,
                rule: Some(rule),
                action: &rule.action,
            })
            .chain([last])
            .collect()
    }

    /// Adds a set of conditions to ask about.
    pub fn add(&mut self, conditions: &[Condition]) -> SetId {
        self.prover.add(conditions)
    }

    /// The sets that together are all requests for a host: without a port and, where ports are compared, with one.
    pub fn add_host(&mut self, host: &str) -> Vec<SetId> {
        let plain = self.add(&[Condition::host(&[host])]);
        if self.listener.host_port == HostPort::Ignored || host.ends_with('*') {
            return vec![plain];
        }
        let with_port = self.add(&[Condition::host(&[&format!("{host}:*")])]);
        vec![plain, with_port]
    }

    /// Is there a request in all of `within` and none of `without` that `decider` decides about?
    pub fn reaches(&self, decider: Decider<'_>, within: &[SetId], without: &[SetId]) -> Verdict {
        let own = self.sets.get(decider.index).copied();
        let positive: Vec<SetId> = within.iter().copied().chain(own).collect();
        let earlier = self.sets.get(..decider.index).unwrap_or_default();
        let negative: Vec<SetId> = earlier.iter().chain(without).copied().collect();
        self.confirm(decider, self.prover.find(&positive, &negative))
    }

    /// Is there a request that both rules match, whatever the others do?
    pub fn overlap(&self, first: usize, second: usize) -> Verdict {
        let sets: Vec<SetId> = [first, second]
            .iter()
            .filter_map(|&i| self.sets.get(i).copied())
            .collect();
        self.prover.find(&sets, &[])
    }

    /// A request in all sets, whatever the rules do with it.
    pub fn first(&self, sets: &[SetId]) -> Option<Request<'static>> {
        witness_of(&self.prover.find(sets, &[])).cloned()
    }

    /// Whether `by` alone matches everything that `rule` matches.
    pub fn is_covered(&self, rule: usize, by: usize) -> bool {
        let set = |index: usize| self.sets.get(index).copied();
        let (Some(rule), Some(by)) = (set(rule), set(by)) else {
            return false;
        };
        self.prover.find(&[rule], &[by]) == Verdict::Proven
    }

    /// A witness that the matcher does not confirm is no witness: that would be a bug of ours, and unknown fails.
    fn confirm(&self, decider: Decider<'_>, verdict: Verdict) -> Verdict {
        if let Verdict::Witness(request) | Verdict::OddWitness(request) = &verdict {
            let selected = select(self.listener, request).rule.map(|rule| &rule.name);
            if selected != decider.rule.map(|rule| &rule.name) {
                return Verdict::Unknown;
            }
        }
        verdict
    }
}

impl Decider<'_> {
    /// `rule 100 (api)` or `the default action`.
    pub fn name(&self) -> String {
        match self.rule {
            Some(rule) => rule_name(rule),
            None => "the default action".to_owned(),
        }
    }
}

/// `rule 100 (api)`: with its name only when it says more than the priority.
pub fn rule_name(rule: &Rule) -> String {
    if rule.name == format!("rule-{}", rule.priority) {
        format!("rule {}", rule.priority)
    } else {
        format!("rule {} `{}`", rule.priority, rule.name)
    }
}

/// The hosts that a rule names without wildcards, in lower case.
pub fn literal_hosts(rule: &Rule) -> Vec<String> {
    let hosts = rule
        .conditions
        .iter()
        .filter_map(|condition| match &condition.test {
            Test::Host(values) => Some(values),
            _ => None,
        });
    let globs = hosts.flatten().filter_map(|value| match value {
        Pattern::Glob(glob) if glob.wildcards() == 0 => Some(glob),
        _ => None,
    });
    globs.map(Glob::text).map(str::to_ascii_lowercase).collect()
}

/// Whether a rule has a host condition.
pub fn names_host(rule: &Rule) -> bool {
    rule.conditions
        .iter()
        .any(|condition| matches!(condition.test, Test::Host(_)))
}

/// Whether a rule could match `host`, decided without the prover: `false` is certain, `true` may be wrong.
pub fn may_match_host(listener: &Listener, rule: Option<&Rule>, host: &str) -> bool {
    let conditions = rule
        .map(|rule| rule.conditions.as_slice())
        .unwrap_or_default();
    let is_literal = !host.contains(['*', '?']);
    conditions.iter().all(|condition| match &condition.test {
        Test::Host(values) if is_literal => values.iter().any(|value| {
            let port = listener.host_port == HostPort::Compared;
            let open = !matches!(value, Pattern::Glob(glob) if glob.wildcards() == 0);
            value.matches(host) || (port && open)
        }),
        _ => true,
    })
}

/// The request of a verdict, odd or not.
pub fn witness_of(verdict: &Verdict) -> Option<&Request<'static>> {
    match verdict {
        Verdict::Witness(request) | Verdict::OddWitness(request) => Some(request),
        Verdict::Proven | Verdict::Unknown => None,
    }
}
