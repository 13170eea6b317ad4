//! What the rules say about a request to a service, for the causes that are about routing.

use hokusai_routes::explain::{self, PassedOver};
use hokusai_routes::findings;
use hokusai_routes::model::{Action, Listener, Table};
use hokusai_routes::questions::{names_host, rule_name};
use hokusai_routes::request::Request;

use crate::endpoint::Service;
use crate::facts::Facts;

/// What the rules do with one request.
pub(super) struct Decision<'a> {
    pub(super) table: &'a Table,
    /// Rule 100 with its name and patterns, or the default action, for people.
    pub(super) decider: String,
    /// The target group, or the fixed answer, for people.
    pub(super) target: String,
    pub(super) groups: Vec<String>,
    /// Groups that the host may reach, as the intent or the name of the service says.
    pub(super) meant: Vec<String>,
    pub(super) is_default: bool,
    /// Whether any rule names the host.
    pub(super) is_host_named: bool,
    pub(super) passed_over: Vec<String>,
}

impl Decision<'_> {
    /// Whether it reaches a group that the host is not meant to reach.
    pub(super) fn goes_astray(&self) -> bool {
        !self.groups.is_empty() && self.groups.iter().any(|group| !self.meant.contains(group))
    }
}

/// What the rules do with `method path` at the host of `service`; nothing without rules.
pub(super) fn decide<'a>(
    facts: &Facts<'a>,
    service: Service,
    method: &str,
    path: &str,
) -> Option<Decision<'a>> {
    let table = facts.rules?;
    let endpoint = facts.deployment.endpoint(service);
    let listener = listener(table, endpoint.is_tls, endpoint.port)?;
    let path = path.split('?').next().unwrap_or_default();
    let mut request = Request::get(endpoint.authority(), format!("{}{path}", endpoint.base));
    request.method = method.to_owned().into();
    let explanation = explain::explain(listener, &request);
    let selection = explanation.selection;
    Some(Decision {
        table,
        decider: selection
            .rule
            .map_or_else(|| "the default action".to_owned(), described),
        target: selection.action.describe(),
        groups: groups(selection.action),
        meant: meant(table, service, &endpoint.host),
        is_default: selection.rule.is_none(),
        is_host_named: listener
            .rules
            .iter()
            .any(|rule| names_host(rule) && matches_host(rule, &request)),
        passed_over: explanation.passed_over.iter().map(reasons).collect(),
    })
}

/// Whether the rules send this path of the service to where it is meant to go.
pub(super) fn is_as_meant(facts: &Facts<'_>, service: Service, path: &str) -> bool {
    decide(facts, service, "GET", path).is_some_and(|d| !d.groups.is_empty() && !d.goes_astray())
}

/// The proven repair of what concerns a host, from the prover.
pub(super) fn repair(facts: &Facts<'_>, service: Service) -> Option<(String, String)> {
    let table = facts.rules?;
    let host = &facts.deployment.endpoint(service).host;
    let report = findings::check(table);
    let mut about = report.findings.into_iter().filter(|finding| {
        finding.is_failure()
            && (finding.host.as_deref() == Some(host) || finding.message.contains(host.as_str()))
    });
    let finding = about.find(|finding| finding.fix.is_some())?;
    let summary = finding.fix.map(|fix| fix.summary)?;
    Some((format!("{}: {}", finding.code, finding.message), summary))
}

fn listener(table: &Table, is_tls: bool, port: u16) -> Option<&Listener> {
    let scheme = if is_tls { "https" } else { "http" };
    let mut same = table
        .listeners
        .iter()
        .filter(|l| l.protocol.scheme() == scheme);
    let exact = table
        .listeners
        .iter()
        .find(|l| l.port == port && l.protocol.scheme() == scheme);
    exact
        .or_else(|| same.next())
        .or_else(|| table.listeners.first())
}

fn described(rule: &hokusai_routes::model::Rule) -> String {
    let paths: Vec<String> = rule
        .conditions
        .iter()
        .flat_map(|condition| condition.test.values())
        .map(|value| format!("`{value}`"))
        .collect();
    if paths.is_empty() {
        return rule_name(rule);
    }
    format!("{} ({})", rule_name(rule), paths.join(", "))
}

fn groups(action: &Action) -> Vec<String> {
    action
        .reached_groups()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

fn meant(table: &Table, service: Service, host: &str) -> Vec<String> {
    match table.intent.host(host) {
        Some(intent) => intent.may.clone(),
        None => vec![service.name().to_owned()],
    }
}

fn matches_host(rule: &hokusai_routes::model::Rule, request: &Request<'_>) -> bool {
    use hokusai_routes::model::Test;
    let host = request.host_without_port().unwrap_or_default();
    rule.conditions
        .iter()
        .any(|condition| match &condition.test {
            Test::Host(values) => values.iter().any(|value| value.matches(host)),
            _ => false,
        })
}

fn reasons(passed: &PassedOver<'_>) -> String {
    format!(
        "{} does not match: {}",
        rule_name(passed.rule),
        passed.reasons.join("; ")
    )
}
