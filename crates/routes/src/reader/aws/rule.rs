//! Rules, of which each listener has one that is its default.

use std::collections::{BTreeMap, BTreeSet};

use super::group::Groups;
use super::{TAGS, action, arn, condition, listener};
use crate::model::{Action, Rule, Transform, TransformKind};
use crate::reader::notes::{Notes, Record};
use crate::source::Span;

/// A rule with the listener that it belongs to.
pub(super) struct ReadRule {
    pub(super) arn: String,
    /// ARN of the listener, as the rule's own ARN tells it.
    pub(super) listener: Option<String>,
    pub(super) place: Place,
    pub(super) span: Span,
}

/// What a rule is to its listener.
pub(super) enum Place {
    /// A rule with a priority.
    Rule(Box<Rule>),
    /// The default action.
    Default(Action),
}

/// The names that tags give to rules, by ARN.
pub(super) fn names(documents: &[Record<'_, '_>], notes: &Notes) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for described in documents.iter().flat_map(|document| document.records(TAGS)) {
        let tags = described.records("Tags");
        let name = tags
            .iter()
            .find(|tag| tag.text("Key").as_deref() == Some("Name"));
        let name = name.and_then(|tag| notes.text("Value", tag.get("Value")?));
        if let (Some(arn), Some(name)) = (described.text("ResourceArn"), name) {
            names.insert(arn, name);
        }
    }
    names
}

pub(super) fn read(
    record: &Record<'_, '_>,
    groups: &mut Groups,
    names: &BTreeMap<String, String>,
) -> Option<ReadRule> {
    let notes = record.notes();
    let arn = record.text("RuleArn").unwrap_or_default();
    let priority = record.get("Priority");
    if priority.is_none() {
        record.missing("Priority");
    }
    let conditions = record.records("Conditions");
    let conditions: Vec<_> = conditions.iter().filter_map(condition::read).collect();
    let is_default = priority?.as_text() == Some("default");
    let (action, authentication) = action::read(notes, listener::actions(record)?, groups)?;
    let transforms = record.records("Transforms");
    let transforms = transforms.iter().flat_map(transform).collect();
    let _ = record.get("IsDefault");
    record.refuse_others();
    let place = if is_default {
        Place::Default(action)
    } else {
        let priority = notes.number("Priority", priority?)?;
        let name = names.get(&arn).cloned();
        Place::Rule(Box::new(Rule {
            name: name.unwrap_or_else(|| format!("rule-{priority}")),
            priority,
            conditions,
            action,
            authentication,
            transforms,
            span: Some(record.span()),
        }))
    };
    Some(ReadRule {
        listener: arn::listener_of_rule(&arn),
        arn,
        place,
        span: record.span(),
    })
}

fn transform(record: &Record<'_, '_>) -> Vec<Transform> {
    let words = [
        ("host-header-rewrite", TransformKind::Host),
        ("url-rewrite", TransformKind::Url),
    ];
    let Some(kind) = record.word("Type", &words) else {
        return Vec::new();
    };
    let key = match kind {
        TransformKind::Host => "HostHeaderRewriteConfig",
        TransformKind::Url => "UrlRewriteConfig",
    };
    let config = record.records(key);
    let rewrites = config.iter().flat_map(|config| config.records("Rewrites"));
    let read = |rewrite: Record<'_, '_>| {
        Some(Transform {
            kind,
            regex: rewrite.text("Regex")?,
            replace: rewrite.text("Replace").unwrap_or_default(),
        })
    };
    rewrites.filter_map(read).collect()
}

/// Two rules may have one tag: the priority then tells them apart.
pub(in crate::reader) fn make_names_unique(rules: &mut [Rule]) {
    let mut seen = BTreeSet::new();
    for rule in rules {
        if !seen.insert(rule.name.clone()) {
            rule.name = format!("{}-{}", rule.name, rule.priority);
            seen.insert(rule.name.clone());
        }
    }
}
