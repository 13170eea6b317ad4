//! Findings: one file each, whose first lines are its manual page.
//!
//! To add one: a file here with its `CODE`, and a function from the table, or from a listener's [`Questions`], to
//! findings; a line in [`check`]; a line in [`CODES`]; a table in `fixtures/` that triggers it, which says so in its
//! first line, and one that nearly does; `cargo xtask gen` for its page in `docs/findings.md`.

mod captured;
mod default_forwards;
mod host_port;
mod intent;
mod limits;
mod must_reach;
mod priority;
mod shadowed;
mod undecided;
mod unproven;
mod wildcard;
mod without_host;

use crate::finding::{Code, Finding};
use crate::model::Table;
use crate::questions::Questions;

/// What a check found and what it proved.
#[derive(Debug, Default)]
pub struct Report {
    /// Findings, the worst first.
    pub findings: Vec<Finding>,
    /// What was proven, one sentence each.
    pub proven: Vec<String>,
}

impl Report {
    /// Whether nothing fails: neither errors nor warnings. An undecided question is an error.
    pub fn is_clean(&self) -> bool {
        !self.findings.iter().any(Finding::is_failure)
    }

    /// Whether there was intent and nothing contradicts it.
    pub fn is_proven(&self) -> bool {
        !self.proven.is_empty()
            && self
                .findings
                .iter()
                .all(|finding| finding.severity < crate::finding::Severity::Error)
    }
}

/// Checks limits, priorities, reachability and intent, and proposes proven repairs.
pub fn check(table: &Table) -> Report {
    let mut report = ask(table);
    report.findings.extend(limits::check(table));
    report.findings.extend(unproven::check(table));
    crate::fix::propose(table, &mut report.findings);
    report
        .findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    report
}

/// The findings that the prover makes, without repairs.
pub(crate) fn questions_only(table: &Table) -> Vec<Finding> {
    ask(table).findings
}

fn ask(table: &Table) -> Report {
    let mut report = Report::default();
    let mut listeners: Vec<Questions<'_>> = table.listeners.iter().map(Questions::new).collect();
    for questions in &mut listeners {
        intent::check(table, questions, &mut report);
    }
    must_reach::check(table, &mut listeners, &mut report);
    for questions in &mut listeners {
        report.findings.extend(captured::check(table, questions));
        report.findings.extend(priority::check(questions));
        report.findings.extend(shadowed::check(questions));
        report.findings.extend(wildcard::check(questions));
        report.findings.extend(host_port::check(questions));
        report
            .findings
            .extend(without_host::check(table, questions));
        report
            .findings
            .extend(default_forwards::check(table, questions));
    }
    report
}

/// All codes with their titles, in order.
pub const CODES: [(Code, &str); 12] = [
    (undecided::CODE, "the prover could not decide"),
    (shadowed::CODE, "a rule is never selected"),
    (
        intent::CODE,
        "a host reaches a target group that it may not",
    ),
    (
        captured::CODE,
        "a host is captured by a rule that does not name it",
    ),
    (
        must_reach::CODE,
        "a request misses the target group that it must reach",
    ),
    (default_forwards::CODE, "what no rule matches is forwarded"),
    (priority::CODE, "two rules have one priority"),
    (
        wildcard::CODE,
        "a wildcard takes more, or less, than it seems to",
    ),
    (host_port::CODE, "a host with a port goes elsewhere"),
    (unproven::CODE, "nothing says what the table is meant to do"),
    (limits::CODE, "the load balancer would refuse it"),
    (
        without_host::CODE,
        "a rule without a host condition on a listener that several hosts share",
    ),
];

pub(crate) use captured::CODE as CAPTURED;
pub(crate) use intent::CODE as CAPTURED_BY_INTENT;
pub(crate) use must_reach::CODE as MISSED;
pub(crate) use priority::CODE as SAME_PRIORITY;
pub(crate) use shadowed::CODE as SHADOWED;

#[cfg(test)]
mod tests;
