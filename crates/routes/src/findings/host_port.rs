//! # R008: a host with a port goes elsewhere
//!
//! The cloud load balancer compares the Host header as it was sent. On a port other than 80 and 443 clients send
//! `auth.example.com:8443`, which a plain value `auth.example.com` never matches
//! (hashicorp/terraform-provider-aws#49147).
//!
//! Instead: a regex value `^auth\.example\.com(:[0-9]+)?$`.

use crate::finding::{Code, Finding, Severity};
use crate::fix::{Edit, Fix, candidate};
use crate::matcher::select;
use crate::model::{HostPort, Pattern, Rule, Test};
use crate::questions::{Questions, literal_hosts, rule_name, witness_of};

pub(super) const CODE: Code = Code("R008");

pub(super) fn check(questions: &Questions<'_>) -> Vec<Finding> {
    if questions.listener.host_port == HostPort::Ignored {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for decider in questions.deciders() {
        let Some(rule) = decider.rule.filter(|rule| !literal_hosts(rule).is_empty()) else {
            continue;
        };
        let Some(mut witness) = witness_of(&questions.reaches(decider, &[], &[])).cloned() else {
            continue;
        };
        let Some(host) = witness.host.as_deref().filter(|host| !host.contains(':')) else {
            continue;
        };
        let port = if questions.listener.has_standard_port() {
            8443
        } else {
            questions.listener.port
        };
        witness.host = Some(format!("{host}:{port}").into());
        let elsewhere = select(questions.listener, &witness).action;
        // On a standard port nobody sends one; only another service is worth a word.
        let is_rare =
            questions.listener.has_standard_port() && elsewhere.reached_groups().is_empty();
        if *elsewhere == rule.action || is_rare {
            continue;
        }
        let message = format!(
            "{} does not match its host with a port: `{witness}` reaches {}",
            rule_name(rule),
            elsewhere.describe()
        );
        findings.push(Finding {
            rule: Some(rule.name.clone()),
            listener: Some(questions.listener.name.clone()),
            reaches: Some(elsewhere.describe()),
            expected: Some(rule.action.describe()),
            witness: Some(witness),
            fix: allow_ports(questions, rule),
            ..Finding::new(
                CODE,
                message,
                "write the host as a regex that allows `(:[0-9]+)?`",
            )
            .severity(Severity::Warning)
            .at(rule.span)
        });
    }
    findings
}

/// Regexes that allow a port in place of the plain hosts of a rule.
fn allow_ports(questions: &Questions<'_>, rule: &Rule) -> Option<Fix> {
    let mut tests = rule.conditions.iter().map(|condition| &condition.test);
    let (old, values) = tests.find_map(|test| match test {
        Test::Host(values) => Some((test, values)),
        _ => None,
    })?;
    let with_port = |value: &Pattern| match value {
        Pattern::Glob(glob) if glob.wildcards() == 0 => {
            candidate::host_pattern(questions.listener, glob.text())
        }
        other => Some(other.clone()),
    };
    let new = Test::Host(values.iter().map(with_port).collect::<Option<Vec<_>>>()?);
    let summary = format!(
        "write the host of rule `{}` as `{}`",
        rule.name,
        new.values().join("`, `")
    );
    let edit = Edit::ReplaceTest {
        listener: questions.listener.name.clone(),
        rule: rule.name.clone(),
        old: old.clone(),
        new,
    };
    Some(Fix::one(summary, edit))
}
