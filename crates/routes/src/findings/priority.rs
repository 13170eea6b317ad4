//! # R006: two rules have one priority
//!
//! The load balancer refuses the second (`PriorityInUse`); another front door takes the one it saw first.
//!
//! Instead: a number of its own for each rule, with gaps for later ones.

use crate::finding::{Code, Finding};
use crate::questions::{Questions, rule_name, witness_of};

pub(crate) const CODE: Code = Code("R006");

pub(super) fn check(questions: &Questions<'_>) -> Vec<Finding> {
    let pairs = questions.rules.windows(2).enumerate();
    let findings = pairs.filter_map(|(index, pair)| {
        let [first, second] = pair else { return None };
        if first.priority != second.priority {
            return None;
        }
        let witness = witness_of(&questions.overlap(index, index + 1)).cloned();
        let both = match &witness {
            Some(request) => format!("both match `{request}`"),
            None => "no request matches both".to_owned(),
        };
        let message = format!(
            "{} and {} have one priority; {both}",
            rule_name(first),
            rule_name(second)
        );
        Some(Finding {
            rule: Some(second.name.clone()),
            listener: Some(questions.listener.name.clone()),
            witness,
            ..Finding::new(CODE, message, "give one of them a free priority").at(second.span)
        })
    });
    findings.collect()
}
