//! Conditions of a rule.

use std::net::IpAddr;

use ipnet::IpNet;

use super::fields::{Fields, Notes, Value};
use crate::model::{Condition, Glob, InvalidRegex, Pattern, QueryPair, Regex, Test};

pub(super) fn read_all(fields: &Fields<'_, '_>) -> Vec<Condition> {
    let mut conditions = of_one_table(fields);
    for more in fields.tables("condition") {
        conditions.extend(of_one_table(&more));
        more.refuse_others();
    }
    conditions
}

fn of_one_table(fields: &Fields<'_, '_>) -> Vec<Condition> {
    let notes = fields.notes();
    let mut conditions = Vec::new();
    let mut add = |value: &Value<'_>, test| {
        conditions.push(Condition {
            test,
            span: Some(notes.span(value.span())),
        });
    };
    if let Some(value) = fields.get("host") {
        add(
            value,
            Test::Host(patterns(notes, value, Glob::host, Regex::host)),
        );
    }
    if let Some(value) = fields.get("path") {
        add(
            value,
            Test::Path(patterns(notes, value, Glob::path, Regex::path)),
        );
    }
    if let Some(value) = fields.get("method") {
        add(value, Test::Method(notes.texts(value)));
    }
    if let Some(value) = fields.get("header") {
        let headers = notes
            .fields(value)
            .map(|headers| headers.entries())
            .unwrap_or_default();
        for (name, value, _) in headers {
            let values = patterns(notes, value, Glob::header, Regex::header);
            add(value, Test::Header { name, values });
        }
    }
    if let Some(value) = fields.get("query") {
        let pairs = Notes::each(value)
            .into_iter()
            .filter_map(|value| pair(notes, value));
        add(value, Test::Query(pairs.collect()));
    }
    if let Some(value) = fields.get("source_ip") {
        let nets = Notes::each(value)
            .into_iter()
            .filter_map(|value| net(notes, value));
        add(value, Test::SourceIp(nets.collect()));
    }
    conditions
}

fn patterns(
    notes: &Notes<'_>,
    value: &Value<'_>,
    glob: fn(&str) -> Glob,
    regex: fn(&str) -> Result<Regex, InvalidRegex>,
) -> Vec<Pattern> {
    let one = |value: &Value<'_>| {
        if let Some(text) = value.get_ref().as_str() {
            return Some(Pattern::Glob(glob(text)));
        }
        let table = notes.fields(value)?;
        let Some(text) = table.text("regex") else {
            table.missing("regex");
            return None;
        };
        table.refuse_others();
        match regex(&text) {
            Ok(regex) => Some(Pattern::Regex(regex)),
            Err(error) => {
                notes.report(
                    value.span(),
                    error.to_string(),
                    "correct the regular expression",
                );
                None
            }
        }
    };
    Notes::each(value).into_iter().filter_map(one).collect()
}

fn pair(notes: &Notes<'_>, value: &Value<'_>) -> Option<QueryPair> {
    if let Some(text) = value.get_ref().as_str() {
        let Some((key, value)) = text.split_once('=') else {
            let help = format!("write `\"{text}=*\"` for the key, or `{{ value = \"{text}\" }}`");
            notes.report(value.span(), format!("query `{text}` has no `=`"), &help);
            return None;
        };
        return Some(QueryPair {
            key: Some(Glob::query(key)),
            value: Glob::query(value),
        });
    }
    let table = notes.fields(value)?;
    let key = table.text("key").map(|key| Glob::query(&key));
    let value = table.text("value");
    if value.is_none() {
        table.missing("value");
    }
    table.refuse_others();
    Some(QueryPair {
        key,
        value: Glob::query(&value?),
    })
}

fn net(notes: &Notes<'_>, value: &Value<'_>) -> Option<IpNet> {
    let text = notes.text(value)?;
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let net = text.parse().ok().or_else(address);
    if net.is_none() {
        let message = format!("`{text}` is not an address range");
        notes.report(
            value.span(),
            message,
            "write it as `10.0.0.0/8` or `2001:db8::/32`",
        );
    }
    net
}
