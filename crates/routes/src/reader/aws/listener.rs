//! Listeners, and the rules that belong to them.

use std::collections::{BTreeMap, BTreeSet};

use super::group::Groups;
use super::rule::{Place, ReadRule};
use super::{action, arn};
use crate::model::{Action, Certificate, HostPort, Listener, Protocol};
use crate::reader::node::Node;
use crate::reader::notes::{Notes, Record};
use crate::source::Span;

/// A listener and the ARN by which rules know it.
pub(super) struct ReadListener {
    arn: String,
    listener: Listener,
}

pub(super) fn read(record: &Record<'_, '_>, groups: &mut Groups) -> Option<ReadListener> {
    let protocol = match record.text("Protocol").as_deref() {
        Some("HTTP") => Protocol::Http,
        Some("HTTPS") => Protocol::Https,
        Some(_) => {
            let message = "a listener that does not speak HTTP has no rules, and is left out";
            let help = "nothing, unless it was meant";
            record.notes().assumed(Some(record.span()), message, help);
            return None;
        }
        None => {
            record.missing("Protocol");
            return None;
        }
    };
    let arn = record.text("ListenerArn").unwrap_or_default();
    let port = record.number("Port");
    if port.is_none() && record.get("Port").is_none() {
        record.missing("Port");
    }
    let actions = record.get("DefaultActions");
    if actions.is_none() {
        record.missing("DefaultActions");
    }
    let (default, _) = action::read(record.notes(), actions?, groups)?;
    let name = name(&arn, protocol, port?);
    let certificates = record.records("Certificates");
    let mut listener = bare(name, protocol, port?, default, Some(record.span()));
    listener.certificates = certificates.iter().filter_map(certificate).collect();
    listener.default_span = actions.map(|node| node.span);
    Some(ReadListener { arn, listener })
}

fn certificate(record: &Record<'_, '_>) -> Option<Certificate> {
    Some(Certificate {
        arn: Some(record.text("CertificateArn")?),
        ..Certificate::default()
    })
}

fn name(arn: &str, protocol: Protocol, port: u16) -> String {
    let balancer = arn::balancer_of_listener(arn);
    format!("{}-{port}", balancer.unwrap_or(protocol.scheme()))
}

fn bare(
    name: String,
    protocol: Protocol,
    port: u16,
    default: Action,
    span: Option<Span>,
) -> Listener {
    Listener {
        name,
        protocol,
        port,
        bind: None,
        host_port: HostPort::Compared,
        certificates: Vec::new(),
        rules: Vec::new(),
        default,
        default_span: span,
        span,
    }
}

/// The listeners with their rules; listeners that only their rules name are made of those.
pub(super) fn with_rules(
    listeners: Vec<ReadListener>,
    rules: Vec<ReadRule>,
    notes: &Notes,
) -> Vec<Listener> {
    let mut of_listener: BTreeMap<Option<String>, Vec<ReadRule>> = BTreeMap::new();
    for rule in rules {
        of_listener
            .entry(rule.listener.clone())
            .or_default()
            .push(rule);
    }
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for mut read in listeners {
        if !seen.insert(read.arn.clone()) {
            continue;
        }
        match of_listener.remove(&Some(read.arn)) {
            Some(rules) => add_rules(&mut read.listener, rules, notes),
            None => lacks_rules(&read.listener, notes),
        }
        found.push(read.listener);
    }
    for (arn, rules) in of_listener {
        found.extend(of_rules_alone(arn.as_deref(), rules, notes));
    }
    found
}

fn lacks_rules(listener: &Listener, notes: &Notes) {
    let Some(span) = listener.span else { return };
    let message = format!("the rules of listener `{}` are not here", listener.name);
    notes.incomplete(span, message, "give the output of describe-rules for it");
}

fn add_rules(listener: &mut Listener, rules: Vec<ReadRule>, notes: &Notes) {
    let mut seen = BTreeSet::new();
    for read in rules {
        // Pages and files may overlap.
        if !read.arn.is_empty() && !seen.insert(read.arn) {
            continue;
        }
        match read.place {
            Place::Rule(rule) => listener.rules.push(*rule),
            Place::Default(action) if action == listener.default => {}
            Place::Default(_) => {
                let message = format!(
                    "listener `{}` and its default rule do different things: they are not of one moment",
                    listener.name
                );
                notes.unreadable(read.span, message, "describe both again");
            }
        }
    }
    listener.rules.sort_by_key(|rule| rule.priority);
    super::rule::make_names_unique(&mut listener.rules);
}

/// A listener of which only the rules are known: its default among them, but not its port.
fn of_rules_alone(arn: Option<&str>, rules: Vec<ReadRule>, notes: &Notes) -> Option<Listener> {
    let span = rules.first()?.span;
    let Some(arn) = arn else {
        let message = "the rule's `RuleArn` does not say which listener it belongs to";
        notes.unresolved(span, message, "give the output as the command printed it");
        return None;
    };
    let default = rules.iter().find_map(|read| match &read.place {
        Place::Default(action) => Some((action.clone(), read.span)),
        Place::Rule(_) => None,
    });
    let Some((default, default_span)) = default else {
        let message = format!("the default rule of listener `{arn}` is not here");
        notes.incomplete(span, message, "give the files of all pages");
        return None;
    };
    let (protocol, port) = (Protocol::Https, 443);
    let name = name(arn, protocol, port);
    let message =
        format!("listener `{name}` is only named by rules, so its port is taken to be 443");
    notes.assumed(Some(span), message, "give describe-listeners too");
    let mut listener = bare(name, protocol, port, default, Some(span));
    listener.default_span = Some(default_span);
    add_rules(&mut listener, rules, notes);
    Some(listener)
}

/// The action of a listener or rule as a node, for both.
pub(super) fn actions<'a>(record: &Record<'_, 'a>) -> Option<&'a Node> {
    let actions = record.get("Actions");
    if actions.is_none() {
        record.missing("Actions");
    }
    actions
}
