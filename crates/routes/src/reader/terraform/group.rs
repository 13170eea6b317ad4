//! Target groups.

use super::resource::Resource;
use crate::model::{HealthCheck, Protocol, TargetGroup};
use crate::reader::aws::group::statuses;
use crate::reader::node::{Kind, Node};
use crate::reader::notes::{Notes, Record};

/// A group for HTTP. What is not known of it does not decide where requests go, and is left at its default.
pub(super) fn read(resource: &Resource, name: String, notes: &Notes) -> Option<TargetGroup> {
    let record = notes.record(&resource.address, &resource.values)?;
    let protocol = match record.get("protocol").and_then(|node| node.as_text()) {
        Some("HTTPS") => Protocol::Https,
        Some("HTTP") | None => Protocol::Http,
        Some(_) => return None,
    };
    let checks = record.get("health_check").filter(|node| is_known(node));
    let checks = checks.map_or_else(Vec::new, |node| notes.records("health_check", node));
    Some(TargetGroup {
        protocol,
        port: known(&record, "port"),
        health: checks.first().map_or_else(
            || HealthCheck::default_for(protocol),
            |check| health(check, protocol),
        ),
        deregistration_delay_s: known(&record, "deregistration_delay").unwrap_or(300),
        slow_start_s: known(&record, "slow_start").unwrap_or(0),
        fail_open: true,
        span: Some(resource.span),
        ..TargetGroup::new(name)
    })
}

fn health(check: &Record<'_, '_>, protocol: Protocol) -> HealthCheck {
    let protocol = match check.get("protocol").and_then(|node| node.as_text()) {
        Some("HTTPS") => Protocol::Https,
        Some("HTTP") => Protocol::Http,
        _ => protocol,
    };
    let default = HealthCheck::default_for(protocol);
    let port = check
        .get("port")
        .filter(|node| node.as_text() != Some("traffic-port"));
    let path = check.get("path").and_then(|node| node.as_text());
    let matcher = check.get("matcher").filter(|node| is_known(node));
    HealthCheck {
        enabled: check
            .get("enabled")
            .is_none_or(|node| !matches!(node.kind, Kind::Bool(false))),
        protocol,
        port: port.and_then(|_| known(check, "port")),
        path: path.map_or(default.path, str::to_owned),
        interval_s: known(check, "interval").unwrap_or(default.interval_s),
        timeout_s: known(check, "timeout").unwrap_or(default.timeout_s),
        healthy_threshold: known(check, "healthy_threshold").unwrap_or(default.healthy_threshold),
        unhealthy_threshold: known(check, "unhealthy_threshold")
            .unwrap_or(default.unhealthy_threshold),
        statuses: matcher
            .and_then(|node| statuses(check.notes(), node))
            .unwrap_or(default.statuses),
    }
}

/// A number, unless it is only known later.
fn known<N: TryFrom<u64>>(record: &Record<'_, '_>, key: &'static str) -> Option<N> {
    let node = record.get(key).filter(|node| is_known(node))?;
    record.notes().number(key, node)
}

fn is_known(node: &Node) -> bool {
    !matches!(node.kind, Kind::Unknown(_) | Kind::Sensitive)
}
