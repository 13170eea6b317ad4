//! Target groups.

use serde_json::{Value, json};

use super::escaped;
use crate::model::{Algorithm, TargetGroup};
use crate::writer::Refusals;

pub(super) fn body(group: &TargetGroup, refusals: &mut Refusals) -> Value {
    note(group, refusals);
    let health = &group.health;
    let port = health
        .port
        .map_or("traffic-port".to_owned(), |port| port.to_string());
    let scheme = |protocol: crate::model::Protocol| protocol.scheme().to_ascii_uppercase();
    let mut body = json!({
        "name": escaped(&group.name),
        "port": group.port.unwrap_or_else(|| group.protocol.standard_port()),
        "protocol": scheme(group.protocol),
        "target_type": "ip",
        "vpc_id": "${var.vpc_id}",
        "deregistration_delay": group.deregistration_delay_s,
        "slow_start": group.slow_start_s,
        "load_balancing_algorithm_type": match group.algorithm {
            Algorithm::RoundRobin => "round_robin",
            Algorithm::LeastOutstandingRequests => "least_outstanding_requests",
            Algorithm::WeightedRandom => "weighted_random",
        },
        "health_check": [{
            "enabled": health.enabled,
            "protocol": scheme(health.protocol),
            "port": port,
            "path": escaped(&health.path),
            "interval": health.interval_s,
            "timeout": health.timeout_s,
            "healthy_threshold": health.healthy_threshold,
            "unhealthy_threshold": health.unhealthy_threshold,
            "matcher": health.matcher(),
        }],
    });
    if let (Some(sticky), Some(fields)) = (&group.stickiness, body.as_object_mut()) {
        let mut stickiness = json!({
            "enabled": true,
            "type": if sticky.app_cookie.is_some() { "app_cookie" } else { "lb_cookie" },
            "cookie_duration": sticky.duration_s,
        });
        if let (Some(cookie), Some(fields)) = (&sticky.app_cookie, stickiness.as_object_mut()) {
            fields.insert("cookie_name".to_owned(), escaped(cookie));
        }
        fields.insert("stickiness".to_owned(), json!([stickiness]));
    }
    body
}

fn note(group: &TargetGroup, refusals: &mut Refusals) {
    let plain = group
        .name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !plain || group.name.is_empty() || group.name.len() > MAX_NAME {
        let message = format!(
            "target group `{}`: a name has 1–{MAX_NAME} letters, digits and hyphens",
            group.name
        );
        refusals.refuse(group.span, message, "rename it");
    }
    if group.max_in_flight.is_some() || group.response_timeout_ms.is_some() {
        let message = format!(
            "target group `{}`: the load balancer has no `max_in_flight` and no `response_timeout_ms`",
            group.name
        );
        refusals.note(
            group.span,
            message,
            "they go on to mean something to our own front door",
        );
    }
    if !group.targets.is_empty() {
        let message = format!(
            "target group `{}`: its targets register themselves",
            group.name
        );
        refusals.note(
            group.span,
            message,
            "name the group where the service or the machines are made",
        );
    }
}

const MAX_NAME: usize = 32;
