//! Repairs are tried, not believed: each is applied and the table is asked again.

use std::collections::{BTreeMap, BTreeSet};

use super::narrow::narrow;
use super::{Edit, Fix};
use crate::finding::Finding;
use crate::findings::{self, CAPTURED_BY_INTENT, MISSED, SAME_PRIORITY, SHADOWED};
use crate::model::{
    Action, Condition, HostPort, Intent, Listener, Pattern, Regex, Rule, Table, Test,
};

/// Gives findings the repairs that were proven to remove them without making another.
pub(crate) fn propose(table: &Table, findings: &mut [Finding]) {
    let before: BTreeSet<String> = findings.iter().map(identity).collect();
    let mut tried: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in findings.iter_mut().filter(|finding| finding.is_failure()) {
        let Some(fix) = candidate(table, finding) else {
            continue;
        };
        if tried.len() >= MAX_TRIED && !tried.contains_key(&fix.summary) {
            continue;
        }
        let left = tried
            .entry(fix.summary.clone())
            .or_insert_with(|| failures(&fix.apply(table)));
        let removes = !left.contains(&identity(finding)) && left.is_subset(&before);
        finding.fix = removes.then_some(fix);
    }
}

/// What fails in a table, apart from limits.
fn failures(table: &Table) -> BTreeSet<String> {
    let findings = findings::questions_only(table);
    findings
        .iter()
        .filter(|finding| finding.is_failure())
        .map(identity)
        .collect()
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

fn candidate(table: &Table, finding: &Finding) -> Option<Fix> {
    let listener = table.listener(finding.listener.as_ref()?)?;
    let is_about_others = finding.host.as_deref() == Some(Intent::EVERY_OTHER_HOST);
    match finding.code {
        CAPTURED_BY_INTENT if is_about_others => narrow(table, listener, finding),
        CAPTURED_BY_INTENT | MISSED => add_rule(table, listener, finding),
        SHADOWED => {
            let rule = finding.rule.clone()?;
            let summary = format!("remove rule `{rule}`, which no request selects");
            let edits = vec![Edit::RemoveRule {
                listener: listener.name.clone(),
                rule,
            }];
            Some(Fix { summary, edits })
        }
        SAME_PRIORITY => {
            let rule = listener.rule(finding.rule.as_ref()?)?;
            let taken: BTreeSet<u32> = listener.rules.iter().map(|rule| rule.priority).collect();
            let priority = (rule.priority + 1..=50_000).find(|p| !taken.contains(p))?;
            let summary = format!("give rule `{}` priority {priority}", rule.name);
            let (listener, rule) = (listener.name.clone(), rule.name.clone());
            Some(Fix {
                summary,
                edits: vec![Edit::SetPriority {
                    listener,
                    rule,
                    priority,
                }],
            })
        }
        _ => None,
    }
}

/// A rule for the host, before the rule that takes its requests.
fn add_rule(table: &Table, listener: &Listener, finding: &Finding) -> Option<Fix> {
    let host = finding
        .host
        .as_deref()
        .filter(|host| *host != Intent::EVERY_OTHER_HOST)?;
    let entry = table.intent.host(host)?;
    let (group, path) = match (&finding.path, entry.may.as_slice()) {
        (Some(path), _) => (finding.expected.clone()?, Some(path.clone())),
        (None, [only]) => (only.clone(), None),
        (None, _) => return None,
    };
    let before = finding.rule.as_ref().and_then(|rule| listener.rule(rule));
    let priority = free_before(listener, before.map_or(50_001, |rule| rule.priority))?;
    let mut conditions = vec![host_condition(listener, host)?];
    // A host that may reach one group only needs no path.
    let path = path.filter(|_| entry.may.as_slice() != [group.clone()]);
    conditions.extend(path.as_deref().map(|path| Condition::path(&[path])));
    let place = path
        .map(|path| format!(" and path `{path}`"))
        .unwrap_or_default();
    let summary = format!(
        "add rule {priority} on listener `{}`: host `{host}`{place} → target group `{group}`",
        listener.name
    );
    let rule = Rule {
        name: format!("{group}-{priority}"),
        priority,
        conditions,
        action: Action::forward(group),
        authentication: None,
        transforms: Vec::new(),
        span: None,
    };
    let edit = Edit::AddRule {
        listener: listener.name.clone(),
        rule: Box::new(rule),
    };
    Some(Fix {
        summary,
        edits: vec![edit],
    })
}

/// Where ports are compared, the host with and without one.
fn host_condition(listener: &Listener, host: &str) -> Option<Condition> {
    if listener.host_port == HostPort::Ignored || host.contains(['*', '?']) {
        return Some(Condition::host(&[host]));
    }
    let regex = format!("^{}(:.*)?$", host.replace('.', "\\."));
    let pattern = Pattern::Regex(Regex::host(&regex).ok()?);
    Some(Condition::new(Test::Host(vec![pattern])))
}

/// A free priority below `priority`: a round one if there is one.
fn free_before(listener: &Listener, priority: u32) -> Option<u32> {
    let taken: BTreeSet<u32> = listener.rules.iter().map(|rule| rule.priority).collect();
    let previous = taken.range(..priority).next_back().copied().unwrap_or(0);
    let round = (previous / 10 + 1) * 10;
    if round < priority && priority <= 50_000 || round <= 50_000 && priority > 50_000 {
        return Some(round);
    }
    (1..priority.min(50_001))
        .rev()
        .find(|candidate| !taken.contains(candidate))
}

/// Each try asks the whole table again; more findings than this are repaired one round at a time.
const MAX_TRIED: usize = 8;
