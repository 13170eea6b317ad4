//! # R005: what no rule matches is forwarded
//!
//! The default action forwards, so that a host or path that nobody thought of reaches a service.
//!
//! Why it is bad: a misspelt host or a missing rule looks like a broken service instead of a missing rule.
//!
//! Instead: a fixed 404 as default, and a rule for each host.

use crate::finding::{Code, Finding, Severity};
use crate::fix::candidate;
use crate::model::{Intent, Table};
use crate::questions::{Questions, witness_of};

pub(super) const CODE: Code = Code("R005");

pub(super) fn check(table: &Table, questions: &Questions<'_>) -> Option<Finding> {
    let decider = questions.deciders().into_iter().next_back()?;
    let reached = decider.action.reached_groups();
    let allowed = table
        .intent
        .host(Intent::EVERY_OTHER_HOST)
        .map(|entry| entry.may.as_slice());
    let is_meant =
        allowed.is_some_and(|may| reached.iter().all(|group| may.iter().any(|m| m == group)));
    if reached.is_empty() || is_meant {
        return None;
    }
    let witness = witness_of(&questions.reaches(decider, &[], &[])).cloned()?;
    let message = format!(
        "a request that no rule matches is forwarded: `{witness}` reaches {}",
        decider.action.describe()
    );
    Some(Finding {
        listener: Some(questions.listener.name.clone()),
        reaches: Some(reached.join(", ")),
        witness: Some(witness),
        fix: Some(candidate::answer_by_default(questions.listener)),
        ..Finding::new(
            CODE,
            message,
            "answer 404 by default, and add a rule for each host",
        )
        .severity(Severity::Warning)
        .at(questions.listener.default_span)
    })
}
