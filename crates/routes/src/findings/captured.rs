//! # R003: a host is captured by a rule that does not name it
//!
//! Rules name a host, and a rule without a host condition, or for another host, takes some of its requests to a target
//! group that no rule naming the host uses. Only for hosts without intent: R002 knows better.
//!
//! Why it is bad: generic rules on a shared load balancer are how one service's requests reach another.
//!
//! Example: `registry.example.com` goes to `registry`, and `/api*` of any host goes to `api`.
//!
//! Instead: a host condition in every rule.

use std::collections::{BTreeMap, BTreeSet};

use super::undecided;
use crate::finding::{Code, Finding, Severity};
use crate::model::Table;
use crate::prover::Verdict;
use crate::questions::{Questions, literal_hosts, may_match_host};

pub(crate) const CODE: Code = Code("R003");

pub(super) fn check(table: &Table, questions: &mut Questions<'_>) -> Vec<Finding> {
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for rule in &questions.rules {
        for host in literal_hosts(rule) {
            let reached = rule.action.reached_groups().into_iter().map(str::to_owned);
            groups.entry(host).or_default().extend(reached);
        }
    }
    let mut findings = Vec::new();
    for (host, own) in groups
        .into_iter()
        .filter(|(host, _)| table.intent.host(host).is_none())
    {
        findings.extend(of_host(questions, &host, &own));
    }
    findings
}

fn of_host(questions: &mut Questions<'_>, host: &str, own: &BTreeSet<String>) -> Vec<Finding> {
    let asked = questions.add_host(host);
    let mut findings = Vec::new();
    for decider in questions.deciders() {
        let Some(rule) = decider.rule else { continue };
        if !may_match_host(questions.listener, Some(rule), host) {
            continue;
        }
        let reached = rule.action.reached_groups();
        if reached.iter().all(|&group| own.contains(group))
            || literal_hosts(rule).iter().any(|h| h == host)
        {
            continue;
        }
        let verdicts = asked
            .iter()
            .map(|&set| questions.reaches(decider, &[set], &[]));
        let Some(verdict) = verdicts
            .into_iter()
            .find(|verdict| *verdict != Verdict::Proven)
        else {
            continue;
        };
        let (Verdict::Witness(request) | Verdict::OddWitness(request)) = verdict else {
            let question = format!("it captures `{host}`");
            findings.push(undecided::finding(questions, decider, &question));
            continue;
        };
        let message = format!(
            "`{host}` is captured by {}, which does not name it: `{request}` reaches {}",
            decider.name(),
            decider.action.describe(),
        );
        findings.push(Finding {
            rule: Some(rule.name.clone()),
            listener: Some(questions.listener.name.clone()),
            reaches: Some(reached.join(", ")),
            expected: Some(own.iter().cloned().collect::<Vec<_>>().join(", ")),
            witness: Some(request),
            host: Some(host.to_owned()),
            ..Finding::new(
                CODE,
                message,
                "give that rule a host condition, or state the intent for the host",
            )
            .severity(Severity::Warning)
            .at(rule.span)
        });
    }
    findings
}
