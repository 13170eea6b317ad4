//! # R010: the load balancer would refuse it
//!
//! A value is outside what an Application Load Balancer accepts (its API model, and the quotas of its guide), or names
//! something that is not there. Our own front door takes some of these; a table that both take is worth more.
//!
//! Instead: what the help of the finding says.

mod actions;
mod conditions;
mod groups;

use std::collections::BTreeSet;

use crate::finding::{Code, Finding};
use crate::model::{Listener, Rule, Table};
use crate::questions::rule_name;
use crate::source::Span;

pub(super) const CODE: Code = Code("R010");

pub(super) fn check(table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for listener in &table.listeners {
        of_listener(table, listener, &mut findings);
    }
    groups::check(table, &mut findings);
    findings
}

fn of_listener(table: &Table, listener: &Listener, findings: &mut Vec<Finding>) {
    let mut add = |rule: Option<&Rule>, span: Option<Span>, problem: String, help: &str| {
        let place = rule.map_or_else(|| format!("listener `{}`", listener.name), rule_name);
        let finding = Finding::new(CODE, format!("{place}: {problem}"), help).at(span);
        findings.push(Finding {
            rule: rule.map(|rule| rule.name.clone()),
            listener: Some(listener.name.clone()),
            ..finding
        });
    };
    if listener.rules.len() > MAX_RULES {
        let problem = format!("{} rules are more than {MAX_RULES}", listener.rules.len());
        add(
            None,
            listener.span,
            problem,
            "split the listener, or have the quota raised",
        );
    }
    actions::check(table, &listener.default, |problem, help| {
        add(None, listener.default_span, problem, help);
    });
    let mut names = BTreeSet::new();
    for rule in &listener.rules {
        if !names.insert(&rule.name) {
            add(
                Some(rule),
                rule.span,
                "another rule has its name".to_owned(),
                "rename one of them",
            );
        }
        if !(1..=MAX_PRIORITY).contains(&rule.priority) {
            let problem = format!("priority {} is not within 1–{MAX_PRIORITY}", rule.priority);
            add(
                Some(rule),
                rule.span,
                problem,
                "choose a free priority in that range",
            );
        }
        conditions::check(rule, |span, problem, help| {
            add(Some(rule), span, problem, help);
        });
        actions::check(table, &rule.action, |problem, help| {
            add(Some(rule), rule.span, problem, help);
        });
        if rule
            .transforms
            .iter()
            .any(|transform| transform.regex.len() > MAX_TRANSFORM_REGEX)
        {
            let problem =
                format!("a rewrite's regex is longer than {MAX_TRANSFORM_REGEX} characters");
            add(Some(rule), rule.span, problem, "shorten it");
        }
    }
}

const MAX_RULES: usize = 100;
const MAX_PRIORITY: u32 = 50_000;
const MAX_TRANSFORM_REGEX: usize = 1024;
