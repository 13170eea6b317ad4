//! # R004: a request misses the target group that it must reach
//!
//! The intent says that certain paths of a host must reach a target group; some request reaches another, or none.
//!
//! Why it is bad: the service is up and healthy, and nobody can reach it.
//!
//! Example: `/api/v1/*` of `auth.example.com` must reach `auth`, and no rule names the host: the default answers 404.
//!
//! Instead: a rule for the host and the path with a lower priority number than the rule that is named.
//!
//! A redirect that keeps host and path, as from HTTP to HTTPS, is no miss. Only listeners on which requests for the host
//! arrive are asked: those that the intent names (`listeners`), else those whose certificate covers the host or, where
//! that is not known, those that forward or redirect some request for it; all of them when there is none.

use super::{Report, undecided};
use crate::arrival;
use crate::finding::{Code, Finding};
use crate::model::{Action, Condition, HostIntent, MustReach, Pattern, Table, Test};
use crate::prover::Verdict;
use crate::questions::{Decider, Questions, may_match_host};
use crate::request::Request;

pub(crate) const CODE: Code = Code("R004");

pub(super) fn check(table: &Table, listeners: &mut [Questions<'_>], report: &mut Report) {
    for entry in table.intent.hosts.iter().filter(|e| !e.must.is_empty()) {
        for index in arrival::listeners_of(table, entry, listeners) {
            let Some(questions) = listeners.get_mut(index) else {
                continue;
            };
            for must in &entry.must {
                let findings = of_path(table, entry, must, questions);
                if findings.is_empty() {
                    report.proven.push(sentence(entry, must, questions));
                }
                report.findings.extend(findings);
            }
        }
    }
}

fn sentence(entry: &HostIntent, must: &MustReach, questions: &Questions<'_>) -> String {
    format!(
        "on listener `{}`, `{}{}` reaches `{}`",
        questions.listener.name,
        entry.host,
        must.path.text(),
        must.group
    )
}

fn of_path(
    table: &Table,
    entry: &HostIntent,
    must: &MustReach,
    questions: &mut Questions<'_>,
) -> Vec<Finding> {
    // With a port the host goes elsewhere on most cloud listeners: R008 says so where it matters.
    let host = Condition::host(&[&entry.host]);
    let path = Condition::new(Test::Path(vec![Pattern::Glob(must.path.clone())]));
    let asked = questions.add(&[host, path]);
    let others = arrival::others_of(table, entry, questions);
    let mut findings = Vec::new();
    for decider in questions.deciders() {
        let is_near = may_match_host(questions.listener, decider.rule, &entry.host);
        if is_met(decider.action, &must.group) || !is_near {
            continue;
        }
        match questions.reaches(decider, &[asked], &others) {
            Verdict::Proven => {}
            Verdict::Unknown => {
                let question = format!(
                    "`{}{}` misses `{}`",
                    entry.host,
                    must.path.text(),
                    must.group
                );
                findings.push(undecided::finding(questions, decider, &question));
            }
            Verdict::Witness(request) | Verdict::OddWitness(request) => {
                findings.push(miss(entry, must, questions, decider, request));
            }
        }
    }
    findings
}

fn is_met(action: &Action, group: &str) -> bool {
    match action {
        Action::Forward(_) => action.reached_groups() == [group],
        Action::Redirect(redirect) => {
            let keeps =
                |part: &Option<String>, same: &str| part.as_deref().is_none_or(|p| p == same);
            keeps(&redirect.host, "#{host}") && keeps(&redirect.path, "/#{path}")
        }
        Action::FixedResponse(_) => false,
    }
}

fn miss(
    entry: &HostIntent,
    must: &MustReach,
    questions: &Questions<'_>,
    decider: Decider<'_>,
    request: Request<'static>,
) -> Finding {
    let message = format!(
        "`{request}` must reach target group `{}`, but {} sends it to {}",
        must.group,
        decider.name(),
        decider.action.describe(),
    );
    let help = format!(
        "add a rule for host `{}` and path `{}` before {}",
        entry.host,
        must.path.text(),
        decider.name()
    );
    Finding {
        rule: decider.rule.map(|rule| rule.name.clone()),
        listener: Some(questions.listener.name.clone()),
        reaches: Some(decider.action.describe()),
        expected: Some(must.group.clone()),
        witness: Some(request),
        host: Some(entry.host.clone()),
        path: Some(must.path.text().to_owned()),
        ..Finding::new(CODE, message, help)
    }
    .at(must.span)
}
