//! Writers: each makes a text of a table, and says what its form can't express; such a text must not be used.
//!
//! To add one: a file here with `pub fn write(table: &Table) -> Writing`, which reports what it would have to drop as
//! [`INEXPRESSIBLE`], and what only means something elsewhere as a note; a suite that shows that what it wrote does
//! what the matcher says.

pub mod envoy;
mod expression;
pub mod haproxy;
mod names;
pub mod terraform;
pub mod toml;

use crate::finding::{Code, Finding, Severity};
use crate::model::{Rule, Table, TargetGroup};
use crate::questions::rule_name;
use crate::source::Span;

/// What a writer made of a table.
#[derive(Debug, Default)]
pub struct Writing {
    /// The text; complete only when no finding is a failure.
    pub text: String,
    /// What could not be expressed, and notes.
    pub findings: Vec<Finding>,
}

impl Writing {
    /// Whether the text does all that the table says.
    pub fn is_complete(&self) -> bool {
        !self.findings.iter().any(Finding::is_failure)
    }
}

/// A part of a table has no counterpart in the form that was asked for.
pub const INEXPRESSIBLE: Code = Code("W001");

/// What could not be written so far.
#[derive(Default)]
struct Refusals(Vec<Finding>);

impl Refusals {
    fn refuse(&mut self, span: Option<Span>, message: impl Into<String>, help: &str) {
        self.0
            .push(Finding::new(INEXPRESSIBLE, message, help).at(span));
    }

    fn note(&mut self, span: Option<Span>, message: impl Into<String>, help: &str) {
        let finding = Finding::new(INEXPRESSIBLE, message, help);
        self.0.push(finding.severity(Severity::Note).at(span));
    }

    /// What neither HAProxy nor Envoy does before or after the decision.
    fn refuse_extras(&mut self, rule: &Rule, form: &str) {
        if let Some(authentication) = &rule.authentication {
            let kind = authentication.kind.field();
            let message = format!("{}: {form} has no `{kind}`", rule_name(rule));
            let help = "let the service behind the rule authenticate, and remove it here";
            self.refuse(rule.span, message, help);
        }
        if !rule.transforms.is_empty() {
            let message = format!(
                "{}: rewrites of the load balancer are not written as {form}",
                rule_name(rule)
            );
            self.refuse(
                rule.span,
                message,
                "let the service take the request as it is",
            );
        }
    }
}

/// Addresses of a group's targets, `host` and `port`; what is no address is refused.
fn addresses(group: &TargetGroup, refusals: &mut Refusals) -> Vec<(String, u16)> {
    let mut addresses = Vec::new();
    for target in &group.targets {
        let address = match target.rsplit_once(':') {
            _ if target.starts_with("service:") => None,
            Some((host, port)) => port.parse().ok().map(|port| (host, port)),
            None => group.port.map(|port| (target.as_str(), port)),
        };
        let message = format!("target `{target}` of group `{}` has no address", group.name);
        match address {
            Some((host, port)) => addresses.push((host.trim_matches(['[', ']']).to_owned(), port)),
            None => refusals.refuse(group.span, message, "write it as `127.0.0.1:8000`"),
        }
    }
    if group.targets.is_empty() {
        let message = format!("group `{}` has no targets: it answers 503", group.name);
        refusals.note(group.span, message, "add `targets` to the group");
    }
    addresses
}

/// The groups of an action with their weights, those that get nothing left out; equal ones when none has a weight.
fn shares(forward: &crate::model::Forward) -> Vec<(&str, u32)> {
    let none_weighs = forward.groups.iter().all(|group| group.weight == 0);
    let groups = forward.groups.iter();
    groups
        .filter(|group| none_weighs || group.weight > 0)
        .map(|group| (group.group.as_str(), group.weight.max(1)))
        .collect()
}

/// Refuses actions that name a group that is not there: no form can express that.
fn refuse_missing_groups(table: &Table, refusals: &mut Refusals) {
    for listener in &table.listeners {
        let rules = listener.rules.iter().map(|rule| (&rule.action, rule.span));
        for (action, span) in rules.chain([(&listener.default, listener.default_span)]) {
            for group in action.reached_groups() {
                if table.target_group(group).is_none() {
                    let message = format!("target group `{group}` is not in the table");
                    refusals.refuse(span, message, "add it, or correct its name");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
