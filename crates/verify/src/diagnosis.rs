//! Why: causes, the likeliest and most basic first, each with its evidence and what to do. Pure.
//!
//! A cause is a file here with `pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause>`. To add one: the file, a line in
//! `FINDERS`, a row in `docs/verify.md`, and a fault in `faults/` that stages it with real processes.

mod answering;
mod artifacts;
mod auth_away;
mod captured;
mod certificate;
mod clock;
mod database;
mod exposed;
mod hanging;
mod host_refused;
mod identity;
mod in_clear;
mod isolation;
mod key;
mod no_rule;
mod no_target;
mod port80;
mod quality;
mod routes;
mod storage;
mod stripped;
mod swapped;
mod unreachable;
mod unresolved;

use serde::Serialize;

use crate::facts::Facts;

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Stable code, `routing-captured`.
    pub code: &'static str,
    /// How basic it is: what stands lower hides what stands higher.
    #[serde(skip)]
    pub rank: u32,
    /// One sentence: what is seen and why. Values in backticks.
    pub sentence: String,
    /// What supports it, a sentence each.
    pub evidence: Vec<String>,
    /// What to do.
    pub fix: String,
}

impl Cause {
    fn new(code: &'static str, rank: u32, sentence: String, fix: impl Into<String>) -> Self {
        Self {
            code,
            rank,
            sentence,
            evidence: Vec::new(),
            fix: fix.into(),
        }
    }

    fn with(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }
}

/// All causes that the facts support; when something failed there is at least one.
pub fn diagnose(facts: &Facts<'_>) -> Vec<Cause> {
    let mut causes: Vec<Cause> = FINDERS.iter().flat_map(|find| find(facts)).collect();
    causes.sort_by_key(|cause| cause.rank);
    let failures: Vec<String> = facts.failures().map(|id| format!("`{id}`")).collect();
    if causes.is_empty() && !failures.is_empty() {
        let sentence = format!(
            "no known cause explains what failed: {}",
            failures.join(", ")
        );
        let fix = "read the failed checks; `--rules FILE` and `--auth-direct`, `--registry-direct` let the diagnosis see more";
        causes.push(Cause::new("unexplained", u32::MAX, sentence, fix));
    }
    causes
}

const FINDERS: [fn(&Facts<'_>) -> Vec<Cause>; 23] = [
    unresolved::find,
    unreachable::find,
    certificate::find,
    in_clear::find,
    exposed::find,
    identity::find,
    swapped::find,
    captured::find,
    host_refused::find,
    no_rule::find,
    no_target::find,
    hanging::find,
    answering::find,
    database::find,
    auth_away::find,
    clock::find,
    stripped::find,
    storage::find,
    artifacts::find,
    key::find,
    isolation::find,
    port80::find,
    quality::find,
];
