//! # R001: a rule is never selected
//!
//! Earlier rules, alone or together, take every request that the rule matches.
//!
//! Why it is bad: whoever wrote it believes that it does something.
//!
//! Example: `/a*` at priority 20 behind `/a`, `/a?` and `/a??*` at 1, 2 and 3.
//!
//! Instead: give it a lower priority number than the rules that hide it, or remove it.

use super::undecided;
use crate::finding::{Code, Finding, Severity};
use crate::prover::Verdict;
use crate::questions::{Questions, rule_name};

pub(crate) const CODE: Code = Code("R001");

pub(super) fn check(questions: &Questions<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for decider in questions.deciders() {
        let Some(rule) = decider.rule else { continue };
        match questions.reaches(decider, &[], &[]) {
            Verdict::Witness(_) => {}
            Verdict::Unknown => {
                findings.push(undecided::finding(
                    questions,
                    decider,
                    "any request reaches it",
                ));
            }
            Verdict::OddWitness(request) => findings.push(Finding {
                rule: Some(rule.name.clone()),
                listener: Some(questions.listener.name.clone()),
                witness: Some(request),
                ..Finding::new(
                    CODE,
                    format!(
                        "{} is only selected by requests that no client sends",
                        rule_name(rule)
                    ),
                    "correct its host or path, or remove it",
                )
                .severity(Severity::Warning)
                .at(rule.span)
            }),
            Verdict::Proven => findings.push(shadowed(questions, decider.index)),
        }
    }
    findings
}

fn shadowed(questions: &Questions<'_>, index: usize) -> Finding {
    let name = questions
        .rules
        .get(index)
        .map(|rule| rule_name(rule))
        .unwrap_or_default();
    let by_one = (0..index).find(|&earlier| questions.is_covered(index, earlier));
    let by = match by_one.and_then(|by| questions.rules.get(by)) {
        Some(rule) => format!("{} takes every request that it matches", rule_name(rule)),
        None => "the rules before it together take every request that it matches".to_owned(),
    };
    let rule = questions.rules.get(index);
    Finding {
        rule: rule.map(|rule| rule.name.clone()),
        listener: Some(questions.listener.name.clone()),
        ..Finding::new(
            CODE,
            format!("{name} is never selected: {by}"),
            "give it a lower priority number than the rules that hide it, or remove it",
        )
        .severity(Severity::Warning)
        .at(rule.and_then(|rule| rule.span))
    }
}
