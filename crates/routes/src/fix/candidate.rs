//! What might repair a finding. Whether it does is for [`super::propose`] to prove.

use std::collections::BTreeSet;

use super::narrow::narrow;
use super::{Edit, Fix};
use crate::finding::Finding;
use crate::findings::{CAPTURED, CAPTURED_BY_INTENT, MISSED, SAME_PRIORITY, SHADOWED};
use crate::model::{
    Action, Condition, HostPort, Intent, Listener, Pattern, Regex, Rule, Table, Test,
};

/// A repair of a kind that fits the finding: its own, if it brought one.
pub(super) fn of(table: &Table, finding: &mut Finding) -> Option<Fix> {
    if let Some(own) = finding.fix.take() {
        return Some(own);
    }
    let listener = table.listener(finding.listener.as_ref()?)?;
    match finding.code {
        CAPTURED_BY_INTENT if finding.host.as_deref() == Some(Intent::EVERY_OTHER_HOST) => {
            match finding.rule {
                Some(_) => narrow(table, listener, finding),
                None => Some(answer_by_default(listener)),
            }
        }
        CAPTURED_BY_INTENT | MISSED | CAPTURED => add_rule(table, listener, finding),
        SHADOWED => {
            let rule = finding.rule.clone()?;
            let summary = format!("remove rule `{rule}`, which no request selects");
            let listener = listener.name.clone();
            Some(Fix::one(summary, Edit::RemoveRule { listener, rule }))
        }
        SAME_PRIORITY => set_priority(listener, finding),
        _ => None,
    }
}

fn set_priority(listener: &Listener, finding: &Finding) -> Option<Fix> {
    let rule = listener.rule(finding.rule.as_ref()?)?;
    let taken: BTreeSet<u32> = listener.rules.iter().map(|rule| rule.priority).collect();
    let priority = (rule.priority + 1..=MAX_PRIORITY).find(|p| !taken.contains(p))?;
    let summary = format!("give rule `{}` priority {priority}", rule.name);
    let edit = Edit::SetPriority {
        listener: listener.name.clone(),
        rule: rule.name.clone(),
        priority,
    };
    Some(Fix::one(summary, edit))
}

/// Answers 404 to what no rule matches.
pub(crate) fn answer_by_default(listener: &Listener) -> Fix {
    let summary = format!("answer 404 by default on listener `{}`", listener.name);
    let edit = Edit::SetDefault {
        listener: listener.name.clone(),
        action: Action::respond(404),
    };
    Fix::one(summary, edit)
}

/// Gives a rule a host condition, if its values fit into one.
pub(crate) fn require_hosts(listener: &Listener, rule: &str, hosts: &[&str]) -> Option<Fix> {
    if hosts.is_empty() || hosts.len() > MAX_HOSTS {
        return None;
    }
    let values = hosts.iter().map(|host| host_pattern(listener, host));
    let values = values.collect::<Option<Vec<_>>>()?;
    let summary = format!(
        "give rule `{rule}` the host condition `{}`",
        hosts.join("`, `")
    );
    let edit = Edit::AddCondition {
        listener: listener.name.clone(),
        rule: rule.to_owned(),
        test: Test::Host(values),
    };
    Some(Fix::one(summary, edit))
}

/// A rule for the host, before the rule that takes its requests.
fn add_rule(table: &Table, listener: &Listener, finding: &Finding) -> Option<Fix> {
    let host = finding
        .host
        .as_deref()
        .filter(|host| *host != Intent::EVERY_OTHER_HOST)?;
    let entry = table.intent.host(host);
    let may: Vec<String> = match entry {
        Some(entry) => entry.may.clone(),
        // Without intent, what the rules that name the host do.
        None => finding.expected.iter().cloned().collect(),
    };
    let (group, path) = match (&finding.path, may.as_slice()) {
        (Some(path), _) => (finding.expected.clone(), Some(path.clone())),
        (None, [only]) => (Some(only.clone()), None),
        (None, []) => (None, None),
        (None, _) => return None,
    };
    let action = group.as_ref().map_or(Action::respond(404), Action::forward);
    let before = finding.rule.as_ref().and_then(|rule| listener.rule(rule));
    let priority = free_before(
        listener,
        before.map_or(MAX_PRIORITY + 1, |rule| rule.priority),
    )?;
    let host_values = Test::Host(vec![host_pattern(listener, host)?]);
    let mut conditions = vec![Condition::new(host_values)];
    // A host that may reach one group only needs no path.
    let path = path.filter(|_| may.as_slice() != group.as_slice());
    conditions.extend(path.as_deref().map(|path| Condition::path(&[path])));
    let place = path.map_or_else(String::new, |path| format!(" and path `{path}`"));
    let summary = format!(
        "add rule {priority} on listener `{}`: host `{host}`{place} → {}",
        listener.name,
        action.describe()
    );
    let rule = Rule {
        name: format!("{}-{priority}", group.as_deref().unwrap_or("refuse")),
        priority,
        conditions,
        action,
        authentication: None,
        transforms: Vec::new(),
        span: None,
    };
    let edit = Edit::AddRule {
        listener: listener.name.clone(),
        rule: Box::new(rule),
    };
    Some(Fix::one(summary, edit))
}

/// Where ports are compared, the host with and without one.
pub(crate) fn host_pattern(listener: &Listener, host: &str) -> Option<Pattern> {
    if listener.host_port == HostPort::Ignored || host.contains(['*', '?']) {
        return Some(Pattern::Glob(crate::model::Glob::host(host)));
    }
    let regex = format!("^{}(:.*)?$", host.replace('.', "\\."));
    Regex::host(&regex).ok().map(Pattern::Regex)
}

/// A free priority below `priority`: a round one if there is one.
fn free_before(listener: &Listener, priority: u32) -> Option<u32> {
    let taken: BTreeSet<u32> = listener.rules.iter().map(|rule| rule.priority).collect();
    let previous = taken.range(..priority).next_back().copied().unwrap_or(0);
    let round = (previous / 10 + 1) * 10;
    if round < priority && priority <= MAX_PRIORITY
        || round <= MAX_PRIORITY && priority > MAX_PRIORITY
    {
        return Some(round);
    }
    (1..priority.min(MAX_PRIORITY + 1))
        .rev()
        .find(|candidate| !taken.contains(candidate))
}

/// The load balancer's highest.
const MAX_PRIORITY: u32 = 50_000;
/// Values that the load balancer takes in one condition.
const MAX_HOSTS: usize = 3;
