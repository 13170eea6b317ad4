//! Conditions. Host, path and a few others may have their values in two places; the newer one counts.

use crate::model::{Condition, Glob, QueryPair, Test};
use crate::reader::node::Node;
use crate::reader::notes::{Notes, Record};
use crate::reader::values::{self, HEADER, HOST, PATH};

pub(super) fn read(record: &Record<'_, '_>) -> Option<Condition> {
    let Some(field) = record.text("Field") else {
        record.missing("Field");
        return None;
    };
    let legacy = record.get("Values").filter(|node| !node.each().is_empty());
    let test = match field.as_str() {
        "host-header" => Test::Host(patterns(record, "HostHeaderConfig", HOST, legacy)),
        "path-pattern" => Test::Path(patterns(record, "PathPatternConfig", PATH, legacy)),
        "http-header" => header(record)?,
        "http-request-method" => {
            let values = config_values(record, "HttpRequestMethodConfig", legacy);
            Test::Method(values.map(|node| record.notes().texts("Values", node))?)
        }
        "source-ip" => {
            let values = config_values(record, "SourceIpConfig", legacy);
            Test::SourceIp(values.map(|node| values::nets(record.notes(), node))?)
        }
        "query-string" => query(record)?,
        _ => {
            let shown: String = field.chars().take(60).collect();
            let message = format!("conditions on `{shown}` are not known");
            record
                .notes()
                .unresolved(record.span(), message, UNKNOWN_HELP);
            return None;
        }
    };
    record.refuse_others();
    if test.values().is_empty() {
        let message = format!("the condition on `{field}` has no values");
        record.notes().unreadable(record.span(), message, "add one");
        return None;
    }
    Some(Condition {
        test,
        span: Some(record.span()),
    })
}

fn patterns(
    record: &Record<'_, '_>,
    key: &'static str,
    kind: values::Kind,
    legacy: Option<&Node>,
) -> Vec<crate::model::Pattern> {
    let notes = record.notes();
    let configs = record.records(key);
    let Some(config) = configs.first() else {
        return values::patterns(notes, kind, legacy, None);
    };
    let (plain, regexes) = (config.get("Values"), config.get("RegexValues"));
    config.refuse_others();
    if plain.is_some() {
        contradicts(notes, legacy, plain);
    }
    let plain = if plain.is_none() && regexes.is_none() {
        legacy
    } else {
        plain
    };
    values::patterns(notes, kind, plain, regexes)
}

/// The values of a condition that has no regular expressions.
fn config_values<'a>(
    record: &Record<'_, 'a>,
    key: &'static str,
    legacy: Option<&'a Node>,
) -> Option<&'a Node> {
    let configs = record.records(key);
    let plain = configs.first().and_then(|config| {
        let values = config.get("Values");
        config.refuse_others();
        values
    });
    contradicts(record.notes(), legacy, plain);
    plain.or(legacy)
}

fn contradicts(notes: &Notes, legacy: Option<&Node>, plain: Option<&Node>) {
    let (Some(legacy), Some(plain)) = (legacy, plain) else {
        return;
    };
    let sorted = |node| {
        let mut texts = notes.texts("Values", node);
        texts.sort();
        texts
    };
    if sorted(legacy) != sorted(plain) {
        let message = "the condition has its values in two places, and they differ";
        notes.unreadable(legacy.span, message, "remove the older `Values`");
    }
}

fn header(record: &Record<'_, '_>) -> Option<Test> {
    let configs = record.records("HttpHeaderConfig");
    let Some(config) = configs.first() else {
        record.missing("HttpHeaderConfig");
        return None;
    };
    let (plain, regexes) = (config.get("Values"), config.get("RegexValues"));
    let name = config.text("HttpHeaderName");
    config.refuse_others();
    if name.is_none() {
        config.missing("HttpHeaderName");
    }
    Some(Test::Header {
        name: name?,
        values: values::patterns(record.notes(), HEADER, plain, regexes),
    })
}

fn query(record: &Record<'_, '_>) -> Option<Test> {
    let configs = record.records("QueryStringConfig");
    let Some(config) = configs.first() else {
        record.missing("QueryStringConfig");
        return None;
    };
    let pair = |record: &Record<'_, '_>| {
        let key = record.text("Key").map(|key| Glob::query(&key));
        let value = record.text("Value");
        record.refuse_others();
        if value.is_none() {
            record.missing("Value");
        }
        Some(QueryPair {
            key,
            value: Glob::query(&value?),
        })
    };
    let pairs = config.records("Values");
    config.refuse_others();
    Some(Test::Query(pairs.iter().filter_map(pair).collect()))
}

const UNKNOWN_HELP: &str =
    "what it matches can't be told: take the rule out, or use a newer version";
