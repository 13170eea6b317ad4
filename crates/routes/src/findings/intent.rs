//! # R002: a host reaches a target group that it may not
//!
//! The intent says which target groups a host may reach; some request for the host reaches another.
//!
//! Why it is bad: it is how every call to an auth service ended at a registry that did not know it, and timed out.
//!
//! Example: `auth.example.com` may reach `auth`, no rule names the host, and a rule for `/api*` without a host
//! condition sends `auth.example.com/api` to `registry-api`.
//!
//! Instead: a rule that names the host before the rule that captures it, or a host condition in that rule.

use super::{Report, undecided};
use crate::finding::{Code, Finding};
use crate::model::{Condition, HostIntent, Intent, Table};
use crate::prover::{SetId, Verdict};
use crate::questions::{Decider, Questions, may_match_host, names_host};
use crate::request::Request;

pub(crate) const CODE: Code = Code("R002");

pub(super) fn check(table: &Table, questions: &mut Questions<'_>, report: &mut Report) {
    let named: Vec<SetId> = table
        .intent
        .hosts
        .iter()
        .filter(|entry| entry.host != Intent::EVERY_OTHER_HOST)
        .flat_map(|entry| questions.add_host(&entry.host))
        .collect();
    for entry in &table.intent.hosts {
        let is_rest = entry.host == Intent::EVERY_OTHER_HOST;
        let others = if is_rest { named.as_slice() } else { &[] };
        let findings = of_host(entry, questions, others);
        if findings.is_empty() {
            report
                .proven
                .push(sentence(entry, &questions.listener.name));
        }
        report.findings.extend(findings);
    }
}

/// The violations of one host's intent.
pub(crate) fn of_host(
    entry: &HostIntent,
    questions: &mut Questions<'_>,
    others: &[SetId],
) -> Vec<Finding> {
    let hosts = questions.add_host(&entry.host);
    let mut findings = Vec::new();
    for decider in questions.deciders() {
        if !may_match_host(questions.listener, decider.rule, &entry.host) {
            continue;
        }
        let reached = decider.action.reached_groups();
        if reached
            .iter()
            .all(|group| entry.may.iter().any(|may| may == group))
        {
            continue;
        }
        for &host in &hosts {
            match questions.reaches(decider, &[host], others) {
                Verdict::Proven => continue,
                Verdict::Unknown => {
                    let question =
                        format!("`{}` reaches {}", entry.host, decider.action.describe());
                    findings.push(undecided::finding(questions, decider, &question));
                }
                Verdict::Witness(request) | Verdict::OddWitness(request) => {
                    findings.push(violation(entry, questions, decider, request));
                }
            }
            break;
        }
    }
    findings
}

fn violation(
    entry: &HostIntent,
    questions: &Questions<'_>,
    decider: Decider<'_>,
    request: Request<'static>,
) -> Finding {
    let how = match decider.rule {
        Some(rule) if !names_host(rule) => {
            format!(
                "the generic {} ({}, no host condition)",
                decider.name(),
                values(&rule.conditions)
            )
        }
        Some(rule) => format!("{} ({})", decider.name(), values(&rule.conditions)),
        None => decider.name(),
    };
    let host = match entry.host.as_str() {
        Intent::EVERY_OTHER_HOST => "a host that the intent does not name".to_owned(),
        host => format!("`{host}`"),
    };
    let expected = expected(entry);
    let message = format!(
        "{host} is captured by {how}: `{request}` reaches {}, but may only reach {expected}",
        decider.action.describe(),
    );
    let help = format!(
        "add a rule for {host} before {}, or give that rule a host condition",
        decider.name()
    );
    Finding {
        rule: decider.rule.map(|rule| rule.name.clone()),
        listener: Some(questions.listener.name.clone()),
        reaches: Some(decider.action.reached_groups().join(", ")),
        expected: Some(entry.may.join(", ")),
        witness: Some(request),
        host: Some(entry.host.clone()),
        ..Finding::new(CODE, message, help)
    }
    .at(decider
        .rule
        .map_or(questions.listener.default_span, |rule| rule.span))
}

fn expected(entry: &HostIntent) -> String {
    match entry.may.as_slice() {
        [] => "no target group".to_owned(),
        groups => format!("`{}`", groups.join("`, `")),
    }
}

fn values(conditions: &[Condition]) -> String {
    let values: Vec<String> = conditions
        .iter()
        .flat_map(|condition| condition.test.values())
        .collect();
    match values.as_slice() {
        [] => "no condition".to_owned(),
        values => format!("`{}`", values.join("`, `")),
    }
}

fn sentence(entry: &HostIntent, listener: &str) -> String {
    let host = match entry.host.as_str() {
        Intent::EVERY_OTHER_HOST => "every other host".to_owned(),
        host => format!("`{host}`"),
    };
    format!(
        "on listener `{listener}`, {host} reaches nothing but {}",
        expected(entry)
    )
}
