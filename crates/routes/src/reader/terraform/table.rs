//! A table of resources: rules find their listeners, actions their target groups.

use std::collections::{BTreeMap, BTreeSet};

use super::resource::{CERTIFICATE, GROUP, LISTENER, RULE, Resource};
use super::{action, group, rule};
use crate::model::{Certificate, HostPort, Listener, Protocol, Rule, TargetGroup};
use crate::reader::aws::arn;
use crate::reader::aws::rule::make_names_unique;
use crate::reader::node::{Kind, Node};
use crate::reader::notes::Notes;

/// Makes listeners and target groups of resources.
pub(super) fn build(resources: &[Resource], notes: &Notes) -> (Vec<Listener>, Vec<TargetGroup>) {
    let mut links = Links::new(resources, notes);
    let of_kind = |kind: &'static str| resources.iter().filter(move |r| r.kind == kind);
    let mut listeners: Vec<(String, Listener)> = Vec::new();
    for resource in of_kind(LISTENER) {
        let listener = listener(resource, notes, &mut links);
        listeners.extend(listener.map(|listener| (resource.address.clone(), listener)));
    }
    for resource in of_kind(RULE) {
        let Some((owner, rule)) = rule::read(resource, notes, &mut links) else {
            continue;
        };
        add_rule(&mut listeners, &owner, rule, resource, notes);
    }
    for resource in of_kind(CERTIFICATE) {
        add_certificate(&mut listeners, resource, notes, &links);
    }
    let mut groups = Vec::new();
    for resource in of_kind(GROUP) {
        let name = links.name(&resource.address);
        groups.extend(group::read(resource, name, notes));
    }
    links.add_named_only(&mut groups, notes);
    let mut listeners: Vec<Listener> = listeners
        .into_iter()
        .map(|(_, listener)| listener)
        .collect();
    for listener in &mut listeners {
        listener.rules.sort_by_key(|rule| rule.priority);
        make_names_unique(&mut listener.rules);
    }
    (listeners, groups)
}

fn listener(resource: &Resource, notes: &Notes, links: &mut Links) -> Option<Listener> {
    let record = notes.record(&resource.address, &resource.values)?;
    let protocol = match record.text("protocol")?.as_str() {
        "HTTP" => Protocol::Http,
        "HTTPS" => Protocol::Https,
        _ => {
            let message = "a listener that does not speak HTTP has no rules, and is left out";
            notes.assumed(Some(resource.span), message, "nothing, unless it was meant");
            return None;
        }
    };
    let port = record.get("port");
    let actions = record.get("default_action");
    for (key, value) in [("port", port), ("default_action", actions)] {
        if value.is_none() {
            record.missing(key);
        }
    }
    let (default, _) = action::read(notes, actions?, links)?;
    let certificate = record.get("certificate_arn").map(certificate);
    Some(Listener {
        name: links.name(&resource.address),
        protocol,
        port: notes.number("port", port?)?,
        bind: None,
        host_port: HostPort::Compared,
        certificates: certificate.into_iter().collect(),
        rules: Vec::new(),
        default,
        default_span: actions.map(|node| node.span),
        span: Some(resource.span),
    })
}

fn certificate(node: &Node) -> Certificate {
    let arn = match &node.kind {
        Kind::Text(text) | Kind::Reference(text) => Some(text.clone()),
        _ => None,
    };
    Certificate {
        arn,
        ..Certificate::default()
    }
}

fn add_rule(
    listeners: &mut [(String, Listener)],
    owner: &str,
    rule: Rule,
    resource: &Resource,
    notes: &Notes,
) {
    let owner = listeners.iter_mut().find(|(address, _)| address == owner);
    if let Some((_, listener)) = owner {
        listener.rules.push(rule);
        return;
    }
    let message = format!(
        "rule `{}` belongs to a listener that was not read, so its other rules are not known",
        rule.name
    );
    notes.unresolved(resource.span, message, OWNER_HELP);
}

fn add_certificate(
    listeners: &mut [(String, Listener)],
    resource: &Resource,
    notes: &Notes,
    links: &Links,
) {
    let Some(record) = notes.record(&resource.address, &resource.values) else {
        return;
    };
    let owner = record
        .get("listener_arn")
        .and_then(|node| links.listener(notes, node));
    let owner = listeners
        .iter_mut()
        .find(|(address, _)| Some(address) == owner.as_ref());
    if let (Some((_, listener)), Some(node)) = (owner, record.get("certificate_arn")) {
        listener.certificates.push(certificate(node));
    }
}

/// Which resource an ARN or a reference means, and what resources are called.
pub(super) struct Links {
    kinds: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    addresses: BTreeMap<String, String>,
    named_only: BTreeMap<String, TargetGroup>,
}

impl Links {
    fn new(resources: &[Resource], notes: &Notes) -> Self {
        let mut links = Self {
            kinds: BTreeMap::new(),
            names: BTreeMap::new(),
            addresses: BTreeMap::new(),
            named_only: BTreeMap::new(),
        };
        let mut taken: BTreeSet<(String, String)> = BTreeSet::new();
        for resource in resources {
            let wanted = [given_name(resource), Some(resource.label.clone())];
            let free = wanted.into_iter().flatten().find(|name| {
                // Names of rules need only differ within their listener.
                resource.kind == RULE || taken.insert((resource.kind.clone(), name.clone()))
            });
            let name = free.unwrap_or_else(|| resource.address.clone());
            let twin = links.names.insert(resource.address.clone(), name);
            if twin.is_some() {
                let message = format!("`{}` is there twice", resource.address);
                notes.unreadable(resource.span, message, "give each file once");
            }
            links
                .kinds
                .insert(resource.address.clone(), resource.kind.clone());
            for key in ["arn", "id"] {
                let arn = resource.values.get(key).and_then(Node::as_text);
                if let Some(arn) = arn.filter(|arn| arn.starts_with("arn:")) {
                    links
                        .addresses
                        .insert(arn.to_owned(), resource.address.clone());
                }
            }
        }
        links
    }

    /// What people call the resource.
    pub(super) fn name(&self, address: &str) -> String {
        self.names
            .get(address)
            .map_or(address, String::as_str)
            .to_owned()
    }

    /// Address of the listener that a value means, or a report that it means none.
    pub(super) fn listener(&self, notes: &Notes, node: &Node) -> Option<String> {
        let address = match &node.kind {
            Kind::Reference(address) => Some(address),
            Kind::Text(arn) => self.addresses.get(arn),
            _ => {
                notes.wrong("listener_arn", node, "the ARN of a listener");
                return None;
            }
        };
        let is_listener =
            |address: &&String| self.kinds.get(*address).is_some_and(|k| k == LISTENER);
        let found = address.filter(is_listener).cloned();
        if found.is_none() {
            let message =
                "the rule's listener is not among what was read, so its other rules are not known";
            notes.unresolved(node.span, message, OWNER_HELP);
        }
        found
    }

    /// Name of the target group that a value means, or a report that it means none.
    pub(super) fn group(&mut self, notes: &Notes, what: &str, node: &Node) -> Option<String> {
        let address = match &node.kind {
            Kind::Reference(address) => Some(address),
            Kind::Text(arn) => match self.addresses.get(arn) {
                Some(address) => Some(address),
                None => return self.by_arn(notes, node, arn),
            },
            _ => {
                notes.wrong(what, node, "the ARN of a target group");
                return None;
            }
        };
        let is_group = |address: &&String| self.kinds.get(*address).is_some_and(|k| k == GROUP);
        let found = address.filter(is_group).map(|address| self.name(address));
        if found.is_none() {
            let message = format!("`{what}` means no target group that was read");
            notes.unresolved(node.span, message, "give the files that define it too");
        }
        found
    }

    fn by_arn(&mut self, notes: &Notes, node: &Node, arn: &str) -> Option<String> {
        let Some(name) = arn::target_group(arn) else {
            let message = "the value is not the ARN of a target group";
            notes.unreadable(node.span, message, "name a target group");
            return None;
        };
        let mut group = TargetGroup::new(name);
        group.fail_open = true;
        group.span = Some(node.span);
        self.named_only.entry(name.to_owned()).or_insert(group);
        Some(name.to_owned())
    }

    fn add_named_only(self, groups: &mut Vec<TargetGroup>, notes: &Notes) {
        for group in self.named_only.into_values() {
            if groups.iter().any(|known| known.name == group.name) {
                continue;
            }
            let message = format!(
                "target group `{}` is only named by its ARN, so its health checks are not looked at",
                group.name
            );
            notes.assumed(group.span, message, "give the files that define it too");
            groups.push(group);
        }
    }
}

/// The name that people gave: the tag `Name`; of a target group rather its own name, which the cloud shows.
fn given_name(resource: &Resource) -> Option<String> {
    let tag = resource
        .values
        .find(&["tags", "Name"])
        .and_then(Node::as_text);
    let own = resource.values.get("name").and_then(Node::as_text);
    let own = own.filter(|_| resource.kind == GROUP);
    own.or(tag)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

const OWNER_HELP: &str =
    "give the files that define the listener too, or check what `aws elbv2 describe-rules` prints";
