//! # R000: the prover could not decide
//!
//! A question took more than its budget. What is not proven is not safe, so this is an error.
//!
//! Instead: fewer wildcards in the rules that are named, or a host condition in each of them.

use crate::finding::{Code, Finding};
use crate::questions::{Decider, Questions};

pub(super) const CODE: Code = Code("R000");

pub(super) fn finding(questions: &Questions<'_>, decider: Decider<'_>, question: &str) -> Finding {
    Finding {
        rule: decider.rule.map(|rule| rule.name.clone()),
        listener: Some(questions.listener.name.clone()),
        ..Finding::new(
            CODE,
            format!(
                "could not decide whether {question}: {} is too intricate",
                decider.name()
            ),
            "use fewer wildcards in its patterns, or give each rule a host condition",
        )
    }
    .at(decider.rule.and_then(|rule| rule.span))
}
