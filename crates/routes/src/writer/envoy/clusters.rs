//! A target group as a cluster.

use serde_json::{Value, json};

use super::{socket, typed};
use crate::model::{Algorithm, HealthCheck, Protocol, TargetGroup};
use crate::writer::names::Names;
use crate::writer::{Refusals, addresses};

pub(super) fn cluster(group: &TargetGroup, names: &mut Names, refusals: &mut Refusals) -> Value {
    refuse(group, refusals);
    let addresses = addresses(group, refusals);
    let name = names.of(&format!("group {}", group.name));
    let is_literal = |host: &str| host.parse::<std::net::IpAddr>().is_ok();
    let kind = if addresses.iter().all(|(host, _)| is_literal(host)) {
        "STATIC"
    } else {
        "STRICT_DNS"
    };
    let endpoints: Vec<Value> = addresses
        .iter()
        .map(|(host, port)| {
            let mut endpoint = json!({ "address": socket(host, *port) });
            if let (Some(port), Some(fields)) = (group.health.port, endpoint.as_object_mut()) {
                fields.insert(
                    "health_check_config".to_owned(),
                    json!({ "port_value": port }),
                );
            }
            json!({ "endpoint": endpoint })
        })
        .collect();
    let mut cluster = json!({
        "name": name,
        "type": kind,
        "connect_timeout": "5s",
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": endpoints }] },
        "lb_policy": match group.algorithm {
            Algorithm::RoundRobin => "ROUND_ROBIN",
            Algorithm::LeastOutstandingRequests => "LEAST_REQUEST",
            Algorithm::WeightedRandom => "RANDOM",
        },
        // Below this share of healthy targets Envoy uses all of them; 1 % is when there is none.
        "common_lb_config": { "healthy_panic_threshold": { "value": u8::from(group.fail_open) } },
    });
    if let Some(fields) = cluster.as_object_mut() {
        if group.health.enabled {
            fields.insert("health_checks".to_owned(), json!([check(&group.health)]));
        }
        if group.protocol == Protocol::Https {
            // Like the load balancer, which does not look at the certificates of targets.
            let context = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
            let tls = json!({ "name": "envoy.transport_sockets.tls", "typed_config": typed(context, json!({})) });
            fields.insert("transport_socket".to_owned(), tls);
        }
        if let Some(most) = group.max_in_flight {
            let thresholds = json!({ "max_requests": most, "max_connections": most, "max_pending_requests": most });
            fields.insert(
                "circuit_breakers".to_owned(),
                json!({ "thresholds": [thresholds] }),
            );
        }
        if group.slow_start_s > 0 {
            let window = format!("{}s", group.slow_start_s);
            let config = json!({ "slow_start_config": { "slow_start_window": window } });
            let key = match group.algorithm {
                Algorithm::LeastOutstandingRequests => "least_request_lb_config",
                _ => "round_robin_lb_config",
            };
            fields.insert(key.to_owned(), config);
        }
    }
    cluster
}

fn check(health: &HealthCheck) -> Value {
    let statuses: Vec<Value> = health
        .statuses
        .iter()
        .map(|range| json!({ "start": range.first, "end": range.last + 1 }))
        .collect();
    let interval = format!("{}s", health.interval_s);
    json!({
        "timeout": format!("{}s", health.timeout_s),
        "interval": interval,
        "no_traffic_interval": interval,
        "healthy_threshold": health.healthy_threshold,
        "unhealthy_threshold": health.unhealthy_threshold,
        "http_health_check": { "path": health.path, "host": "health-check", "expected_statuses": statuses },
    })
}

fn refuse(group: &TargetGroup, refusals: &mut Refusals) {
    let name = &group.name;
    if group.stickiness.is_some() {
        let message = format!("group `{name}`: stickiness is not written as Envoy configuration");
        refusals.refuse(group.span, message, "leave it out, or convert to HAProxy");
    }
    if group.health.enabled && group.health.protocol != group.protocol {
        let message =
            format!("group `{name}`: Envoy checks targets with the protocol it speaks to them");
        refusals.refuse(group.span, message, "use one protocol for both");
    }
    if group.slow_start_s > 0 && group.algorithm == Algorithm::WeightedRandom {
        let message = format!("group `{name}`: Envoy has no slow start when it chooses at random");
        refusals.refuse(
            group.span,
            message,
            "use another algorithm, or no slow start",
        );
    }
    if group.response_timeout_ms.is_some() {
        let message = format!("group `{name}`: Envoy has no timeout for the first byte alone");
        refusals.refuse(
            group.span,
            message,
            "leave `response_timeout_ms` out, or convert to HAProxy",
        );
    }
    if group.deregistration_delay_s != TargetGroup::new("").deregistration_delay_s {
        let message = format!("group `{name}`: the deregistration delay means nothing to Envoy");
        refusals.note(
            group.span,
            message,
            "set `--drain-time-s` where it is started",
        );
    }
}
