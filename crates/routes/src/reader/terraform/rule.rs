//! Rules with their conditions and rewrites.

use super::action;
use super::resource::Resource;
use super::table::Links;
use crate::model::{Condition, Glob, QueryPair, Rule, Test, Transform, TransformKind};
use crate::reader::node::Node;
use crate::reader::notes::{Notes, Record};
use crate::reader::values::{self, HEADER, HOST, PATH};

/// The address of the rule's listener, and the rule.
pub(super) fn read(
    resource: &Resource,
    notes: &Notes,
    links: &mut Links,
) -> Option<(String, Rule)> {
    let record = notes.record(&resource.address, &resource.values)?;
    let name = links.name(&resource.address);
    let Some(priority) = record.get("priority") else {
        let message =
            format!("rule `{name}` has no priority: the provider would take the next free one");
        notes.unresolved(resource.span, message, "give it a priority");
        return None;
    };
    let (owner, actions) = (record.get("listener_arn"), record.get("action"));
    for (key, value) in [("listener_arn", owner), ("action", actions)] {
        if value.is_none() {
            record.missing(key);
        }
    }
    let conditions = record.records("condition");
    let conditions = conditions.iter().flat_map(condition).collect();
    let transforms = record.records("transform");
    let transforms = transforms.iter().flat_map(transform).collect();
    let (action, authentication) = action::read(notes, actions?, links)?;
    let rule = Rule {
        name,
        priority: notes.number("priority", priority)?,
        conditions,
        action,
        authentication,
        transforms,
        span: Some(resource.span),
    };
    Some((links.listener(notes, owner?)?, rule))
}

/// The conditions of one block; the provider allows one, and more than one is read as and-ed conditions.
fn condition(block: &Record<'_, '_>) -> Vec<Condition> {
    let mut found = Vec::new();
    let mut add = |span, test: Option<Test>| {
        found.extend(test.map(|test| Condition {
            test,
            span: Some(span),
        }));
    };
    for host in block.records("host_header") {
        add(host.span(), patterns(&host, HOST).map(Test::Host));
    }
    for path in block.records("path_pattern") {
        add(path.span(), patterns(&path, PATH).map(Test::Path));
    }
    for header in block.records("http_header") {
        let name = header.text("http_header_name");
        if name.is_none() {
            header.missing("http_header_name");
        }
        let values = patterns(&header, HEADER);
        let test = name.zip(values);
        add(
            header.span(),
            test.map(|(name, values)| Test::Header { name, values }),
        );
    }
    for method in block.records("http_request_method") {
        add(
            method.span(),
            plain(&method, |notes, node| notes.texts("values", node)).map(Test::Method),
        );
    }
    for source in block.records("source_ip") {
        add(
            source.span(),
            plain(&source, values::nets).map(Test::SourceIp),
        );
    }
    let pairs: Vec<QueryPair> = block
        .records("query_string")
        .iter()
        .filter_map(pair)
        .collect();
    if let Some(node) = block.get("query_string").filter(|_| !pairs.is_empty()) {
        add(node.span, Some(Test::Query(pairs)));
    }
    block.refuse_others();
    if found.is_empty() {
        let message = "the condition was not understood, or is empty";
        block.notes().unresolved(
            block.span(),
            message,
            "write it as the provider's guide shows",
        );
    }
    found
}

fn patterns(block: &Record<'_, '_>, kind: values::Kind) -> Option<Vec<crate::model::Pattern>> {
    let (values, regexes) = (block.get("values"), block.get("regex_values"));
    block.refuse_others();
    let patterns = values::patterns(block.notes(), kind, values, regexes);
    let expected: usize = [values, regexes]
        .into_iter()
        .flatten()
        .map(|node| node.each().len())
        .sum();
    // Half of the values would be another rule.
    (!patterns.is_empty() && patterns.len() == expected).then_some(patterns)
}

fn plain<T>(block: &Record<'_, '_>, read: impl Fn(&Notes, &Node) -> Vec<T>) -> Option<Vec<T>> {
    let values = block.get("values");
    block.refuse_others();
    let Some(values) = values else {
        block.missing("values");
        return None;
    };
    let found = read(block.notes(), values);
    (!found.is_empty() && found.len() == values.each().len()).then_some(found)
}

fn pair(block: &Record<'_, '_>) -> Option<QueryPair> {
    let key = block.get("key").map(|node| block.notes().text("key", node));
    let value = block.text("value");
    block.refuse_others();
    if value.is_none() && block.get("value").is_none() {
        block.missing("value");
    }
    let key = match key {
        Some(key) => Some(Glob::query(&key?)),
        None => None,
    };
    Some(QueryPair {
        key,
        value: Glob::query(&value?),
    })
}

fn transform(block: &Record<'_, '_>) -> Vec<Transform> {
    let kinds = [
        ("host-header-rewrite", TransformKind::Host),
        ("url-rewrite", TransformKind::Url),
    ];
    let Some(kind) = block.word("type", &kinds) else {
        return Vec::new();
    };
    let config = match kind {
        TransformKind::Host => block.records("host_header_rewrite_config"),
        TransformKind::Url => block.records("url_rewrite_config"),
    };
    let rewrites = config.iter().flat_map(|config| config.records("rewrite"));
    let read = |rewrite: Record<'_, '_>| {
        Some(Transform {
            kind,
            regex: rewrite.text("regex")?,
            replace: rewrite.text("replace").unwrap_or_default(),
        })
    };
    rewrites.filter_map(read).collect()
}
