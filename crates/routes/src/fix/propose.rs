//! Repairs are tried, not believed: each is applied and the table is asked again.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate;
use crate::finding::Finding;
use crate::findings;
use crate::model::Table;

/// Gives findings the repairs that were proven to remove them without making another that fails.
pub(crate) fn propose(table: &Table, findings: &mut [Finding]) {
    let before: BTreeSet<String> = findings.iter().map(identity).collect();
    let mut tried: BTreeMap<String, Left> = BTreeMap::new();
    // The worst first, since only so many are tried.
    let mut order: Vec<&mut Finding> = findings.iter_mut().collect();
    order.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in order {
        let Some(fix) = candidate::of(table, finding) else {
            continue;
        };
        if tried.len() >= MAX_TRIED && !tried.contains_key(&fix.summary) {
            continue;
        }
        let left = tried
            .entry(fix.summary.clone())
            .or_insert_with(|| Left::in_table(&fix.apply(table)));
        let removes = !left.all.contains(&identity(finding)) && left.failing.is_subset(&before);
        finding.fix = removes.then_some(fix);
    }
}

/// What is still found in a repaired table, apart from limits.
struct Left {
    all: BTreeSet<String>,
    failing: BTreeSet<String>,
}

impl Left {
    fn in_table(table: &Table) -> Self {
        let findings = findings::questions_only(table);
        let failing = findings.iter().filter(|finding| finding.is_failure());
        Self {
            failing: failing.map(identity).collect(),
            all: findings.iter().map(identity).collect(),
        }
    }
}

/// What a finding is about, without the request that shows it.
fn identity(finding: &Finding) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let Finding {
        code,
        listener,
        rule,
        host,
        path,
        ..
    } = finding;
    format!(
        "{code} {} {} {} {}",
        part(listener),
        part(rule),
        part(host),
        part(path)
    )
}

/// Each try asks the whole table again; more findings than this are repaired one round at a time.
const MAX_TRIED: usize = 8;
