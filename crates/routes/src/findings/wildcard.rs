//! # R007: a wildcard takes more, or less, than it seems to
//!
//! `/api*` also takes `/apiary`; `/api/*` does not take `/api`. The first is a note, the second a warning when `/api`
//! goes elsewhere than `/api/`.
//!
//! Instead: `/api` and `/api/*` as two values of one condition.

use crate::finding::{Code, Finding, Severity};
use crate::fix::{Edit, Fix};
use crate::matcher::select;
use crate::model::{Condition, Glob, Pattern, Rule, Test};
use crate::questions::{Questions, rule_name};

pub(super) const CODE: Code = Code("R007");

pub(super) fn check(questions: &mut Questions<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for index in 0..questions.rules.len() {
        let Some(&rule) = questions.rules.get(index) else {
            continue;
        };
        for (condition, text) in path_values(rule) {
            if let Some(start) = text.strip_suffix("/*").filter(|start| !start.is_empty()) {
                findings.extend(takes_less(questions, rule, condition, start));
            } else if let Some(start) = text.strip_suffix('*')
                && start.ends_with(|c: char| c.is_ascii_alphanumeric())
            {
                findings.push(takes_more(questions, rule, condition, start));
            }
        }
    }
    findings
}

fn path_values(rule: &Rule) -> Vec<(&Condition, &str)> {
    let mut values = Vec::new();
    for condition in &rule.conditions {
        let Test::Path(patterns) = &condition.test else {
            continue;
        };
        let globs = patterns
            .iter()
            .filter(|pattern| matches!(pattern, Pattern::Glob(_)));
        values.extend(globs.map(|pattern| (condition, pattern.text())));
    }
    values
}

fn takes_more(
    questions: &Questions<'_>,
    rule: &Rule,
    condition: &Condition,
    start: &str,
) -> Finding {
    Finding {
        rule: Some(rule.name.clone()),
        listener: Some(questions.listener.name.clone()),
        fix: replace(questions, rule, condition, &format!("{start}*"), start),
        ..Finding::new(
            CODE,
            format!("`{start}*` of {} takes `{start}ary` too", rule_name(rule)),
            format!("write `{start}` and `{start}/*`"),
        )
        .severity(Severity::Note)
        .at(condition.span)
    }
}

fn takes_less(
    questions: &mut Questions<'_>,
    rule: &Rule,
    condition: &Condition,
    start: &str,
) -> Option<Finding> {
    let with_path = |path: &str| -> Vec<Condition> {
        let others = rule
            .conditions
            .iter()
            .filter(|c| !matches!(c.test, Test::Path(_)));
        others.cloned().chain([Condition::path(&[path])]).collect()
    };
    let without = questions.add(&with_path(start));
    let witness = questions.first(&[without])?;
    let elsewhere = select(questions.listener, &witness).action;
    if *elsewhere == rule.action {
        return None;
    }
    let message = format!(
        "`{start}/*` of {} does not take `{start}`: `{witness}` reaches {}",
        rule_name(rule),
        elsewhere.describe()
    );
    Some(Finding {
        rule: Some(rule.name.clone()),
        listener: Some(questions.listener.name.clone()),
        reaches: Some(elsewhere.describe()),
        expected: Some(rule.action.describe()),
        witness: Some(witness),
        fix: replace(questions, rule, condition, &format!("{start}/*"), start),
        ..Finding::new(
            CODE,
            message,
            format!("write `{start}` and `{start}/*` if both are meant"),
        )
        .severity(if elsewhere.reached_groups().is_empty() {
            Severity::Note
        } else {
            Severity::Warning
        })
        .at(condition.span)
    })
}

/// `/api` and `/api/*` in place of a value.
fn replace(
    questions: &Questions<'_>,
    rule: &Rule,
    condition: &Condition,
    value: &str,
    start: &str,
) -> Option<Fix> {
    let Test::Path(values) = &condition.test else {
        return None;
    };
    let mut new: Vec<Pattern> = Vec::new();
    for old in values {
        let both = [start.to_owned(), format!("{start}/*")];
        let replaced = if old.text() == value {
            both.iter()
                .map(|text| Pattern::Glob(Glob::path(text)))
                .collect()
        } else {
            vec![old.clone()]
        };
        for pattern in replaced {
            if !new.contains(&pattern) {
                new.push(pattern);
            }
        }
    }
    let summary = format!(
        "write `{value}` of rule `{}` as `{start}` and `{start}/*`",
        rule.name
    );
    let edit = Edit::ReplaceTest {
        listener: questions.listener.name.clone(),
        rule: rule.name.clone(),
        old: condition.test.clone(),
        new: Test::Path(new),
    };
    Some(Fix::one(summary, edit))
}
