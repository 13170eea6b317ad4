//! # R011: a rule without a host condition on a listener that several hosts share
//!
//! The rule forwards requests of every host, those that nobody named too.
//!
//! Why it is bad: it is the root of most captures. The host that is added next month is captured on its first day, and
//! no rule of its own has changed. A note, since R002 and R003 say what it captures today.
//!
//! Instead: a host condition in every rule that forwards.

use std::collections::BTreeSet;

use crate::finding::{Code, Finding, Severity};
use crate::fix::candidate;
use crate::model::{Intent, Table};
use crate::questions::{Questions, literal_hosts, names_host, rule_name, witness_of};

pub(super) const CODE: Code = Code("R011");

pub(super) fn check(table: &Table, questions: &mut Questions<'_>) -> Vec<Finding> {
    let hosts = hosts(table, questions);
    if hosts.len() < 2 {
        return Vec::new();
    }
    let known: Vec<_> = hosts
        .iter()
        .flat_map(|host| questions.add_host(host))
        .collect();
    let mut findings = Vec::new();
    for decider in questions.deciders() {
        let reached = decider.action.reached_groups();
        let Some(rule) = decider
            .rule
            .filter(|rule| !names_host(rule) && !reached.is_empty())
        else {
            continue;
        };
        let Some(witness) = witness_of(&questions.reaches(decider, &[], &known)).cloned() else {
            continue;
        };
        let message = format!(
            "{} has no host condition on a listener that {} hosts share: `{witness}` reaches {}",
            rule_name(rule),
            hosts.len(),
            decider.action.describe()
        );
        let named: Vec<&str> = hosts.iter().map(String::as_str).collect();
        findings.push(Finding {
            rule: Some(rule.name.clone()),
            listener: Some(questions.listener.name.clone()),
            reaches: Some(reached.join(", ")),
            witness: Some(witness),
            fix: candidate::require_hosts(questions.listener, &rule.name, &named),
            ..Finding::new(CODE, message, "name the hosts that it is for")
                .severity(Severity::Note)
                .at(rule.span)
        });
    }
    findings
}

/// The hosts of a listener: those that its rules name, and those of the intent that its certificates cover or, when
/// these are not known, all of them.
fn hosts(table: &Table, questions: &Questions<'_>) -> BTreeSet<String> {
    let named = questions.rules.iter().flat_map(|rule| literal_hosts(rule));
    let intent = table.intent.hosts.iter().map(|entry| entry.host.as_str());
    let intent = intent
        .filter(|host| *host != Intent::EVERY_OTHER_HOST && !host.contains(['*', '?']))
        .filter(|host| crate::arrival::may_serve(questions.listener, host))
        .map(str::to_ascii_lowercase);
    named.chain(intent).collect()
}
