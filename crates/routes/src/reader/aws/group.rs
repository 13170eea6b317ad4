//! Target groups, known by their ARN in rules and by their name to people.

use std::collections::BTreeMap;

use super::{GROUPS, arn};
use crate::model::{HealthCheck, Protocol, StatusRange, TargetGroup};
use crate::reader::node::Node;
use crate::reader::notes::{Notes, Record};

/// The groups of all documents, and those that rules only name.
pub(super) struct Groups {
    described: Vec<TargetGroup>,
    names: BTreeMap<String, String>,
    named_only: BTreeMap<String, TargetGroup>,
}

impl Groups {
    pub(super) fn read(documents: &[Record<'_, '_>], notes: &Notes) -> Self {
        let mut groups = Self {
            described: Vec::new(),
            names: BTreeMap::new(),
            named_only: BTreeMap::new(),
        };
        for record in documents
            .iter()
            .flat_map(|document| document.records(GROUPS))
        {
            let Some(name) = record.text("TargetGroupName") else {
                record.missing("TargetGroupName");
                continue;
            };
            if let Some(arn) = record.text("TargetGroupArn") {
                groups.names.insert(arn, name.clone());
            }
            let is_new = groups.described.iter().all(|group| group.name != name);
            if is_new {
                groups.described.extend(group(notes, &record, name));
            }
        }
        groups
    }

    /// The name of the group that a rule names by its ARN.
    pub(super) fn name(&mut self, notes: &Notes, node: &Node) -> Option<String> {
        let text = notes.text("TargetGroupArn", node)?;
        if let Some(name) = self.names.get(&text) {
            return Some(name.clone());
        }
        let Some(name) = arn::target_group(&text) else {
            let shown: String = text.chars().take(100).collect();
            let message = format!("`{shown}` is not the ARN of a target group");
            notes.unreadable(
                node.span,
                message,
                "give the output as the command printed it",
            );
            return None;
        };
        let mut group = TargetGroup::new(name);
        group.fail_open = true;
        group.span = Some(node.span);
        self.named_only.entry(name.to_owned()).or_insert(group);
        Some(name.to_owned())
    }

    /// All groups. What is not known of those that rules only name is said.
    pub(super) fn into_groups(self, notes: &Notes) -> Vec<TargetGroup> {
        let mut groups = self.described;
        let described: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
        let others = self.named_only.into_values();
        for group in others.filter(|group| !described.contains(&group.name)) {
            let message = format!(
                "target group `{}` is only named by rules, so its health checks are not looked at",
                group.name
            );
            notes.assumed(group.span, message, "give describe-target-groups too");
            groups.push(group);
        }
        groups
    }
}

/// A group of a load balancer for HTTP; of another, nothing: no listener rule can name it.
fn group(notes: &Notes, record: &Record<'_, '_>, name: String) -> Option<TargetGroup> {
    let protocol = match record.text("Protocol").as_deref() {
        Some("HTTPS") => Protocol::Https,
        // A group of functions has no protocol.
        Some("HTTP") | None => Protocol::Http,
        Some(_) => return None,
    };
    Some(TargetGroup {
        protocol,
        port: record.number("Port"),
        health: health(notes, record, protocol),
        fail_open: true,
        span: Some(record.span()),
        ..TargetGroup::new(name)
    })
}

fn health(notes: &Notes, record: &Record<'_, '_>, protocol: Protocol) -> HealthCheck {
    let words = [("HTTP", Protocol::Http), ("HTTPS", Protocol::Https)];
    let default = HealthCheck::default_for(
        record
            .word("HealthCheckProtocol", &words)
            .unwrap_or(protocol),
    );
    let port = record
        .get("HealthCheckPort")
        .filter(|node| node.as_text() != Some("traffic-port"));
    let matcher = record.get("Matcher").and_then(|node| node.get("HttpCode"));
    HealthCheck {
        enabled: record.flag("HealthCheckEnabled").unwrap_or(true),
        protocol: default.protocol,
        port: port.and_then(|node| notes.number("HealthCheckPort", node)),
        path: record.text("HealthCheckPath").unwrap_or(default.path),
        interval_s: record
            .number("HealthCheckIntervalSeconds")
            .unwrap_or(default.interval_s),
        timeout_s: record
            .number("HealthCheckTimeoutSeconds")
            .unwrap_or(default.timeout_s),
        healthy_threshold: record
            .number("HealthyThresholdCount")
            .unwrap_or(default.healthy_threshold),
        unhealthy_threshold: record
            .number("UnhealthyThresholdCount")
            .unwrap_or(default.unhealthy_threshold),
        statuses: matcher
            .and_then(|node| statuses(notes, node))
            .unwrap_or(default.statuses),
    }
}

/// The statuses of a matcher, or a report that they are none.
pub(crate) fn statuses(notes: &Notes, node: &Node) -> Option<Vec<StatusRange>> {
    let text = notes.text("matcher", node)?;
    let statuses = StatusRange::parse_list(&text);
    if statuses.is_none() {
        let shown: String = text.chars().take(60).collect();
        let message = format!("`{shown}` is no list of statuses");
        notes.unreadable(node.span, message, "write `200`, `200,202` or `200-299`");
    }
    statuses
}
