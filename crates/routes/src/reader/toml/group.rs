//! `[target_group.…]` and `[intent."…"]`.

use super::fields::Fields;
use super::listener;
use crate::model::{
    Algorithm, Glob, HealthCheck, HostIntent, Intent, MustReach, Protocol, StatusRange, Stickiness,
    TargetGroup,
};

pub(super) fn read_all(root: &Fields<'_, '_>) -> Vec<TargetGroup> {
    let Some(groups) = root
        .get("target_group")
        .and_then(|value| root.notes().fields(value))
    else {
        return Vec::new();
    };
    let entries = groups.entries().into_iter();
    entries
        .filter_map(|(name, value, _)| Some(group(name, &root.notes().fields(value)?)))
        .collect()
}

fn group(name: String, fields: &Fields<'_, '_>) -> TargetGroup {
    let default = TargetGroup::new(name);
    let protocol = listener::protocol(fields, "protocol").unwrap_or(Protocol::Http);
    let texts = |key| fields.get(key).map(|value| fields.notes().texts(value));
    let words = [
        ("round_robin", Algorithm::RoundRobin),
        (
            "least_outstanding_requests",
            Algorithm::LeastOutstandingRequests,
        ),
        ("weighted_random", Algorithm::WeightedRandom),
    ];
    let cookie = fields.text("app_cookie");
    let group = TargetGroup {
        protocol,
        port: fields.number("port"),
        targets: texts("targets").unwrap_or_default(),
        health: health(fields, protocol),
        algorithm: fields.word("algorithm", &words).unwrap_or_default(),
        stickiness: fields.number("stickiness_s").map(|duration_s| Stickiness {
            duration_s,
            app_cookie: cookie,
        }),
        deregistration_delay_s: fields
            .number("deregistration_delay_s")
            .unwrap_or(default.deregistration_delay_s),
        slow_start_s: fields
            .number("slow_start_s")
            .unwrap_or(default.slow_start_s),
        fail_open: fields.flag("fail_open").unwrap_or(default.fail_open),
        max_in_flight: fields.number("max_in_flight"),
        response_timeout_ms: fields.number("response_timeout_ms"),
        span: Some(fields.span()),
        name: default.name,
    };
    fields.refuse_others();
    group
}

fn health(group: &Fields<'_, '_>, protocol: Protocol) -> HealthCheck {
    let default = HealthCheck::default_for(protocol);
    let Some(fields) = group
        .get("health")
        .and_then(|value| group.notes().fields(value))
    else {
        return default;
    };
    let default =
        HealthCheck::default_for(listener::protocol(&fields, "protocol").unwrap_or(protocol));
    let statuses = fields.get("status").and_then(|value| {
        let text = group.notes().text(value)?;
        let statuses = StatusRange::parse_list(&text);
        if statuses.is_none() {
            let message = format!("`{text}` is no list of statuses");
            group
                .notes()
                .report(value.span(), message, "write `200`, `200,202` or `200-299`");
        }
        statuses
    });
    let health = HealthCheck {
        enabled: fields.flag("enabled").unwrap_or(default.enabled),
        protocol: default.protocol,
        port: fields.number("port"),
        path: fields.text("path").unwrap_or(default.path),
        interval_s: fields.number("interval_s").unwrap_or(default.interval_s),
        timeout_s: fields.number("timeout_s").unwrap_or(default.timeout_s),
        healthy_threshold: fields
            .number("healthy")
            .unwrap_or(default.healthy_threshold),
        unhealthy_threshold: fields
            .number("unhealthy")
            .unwrap_or(default.unhealthy_threshold),
        statuses: statuses.unwrap_or(default.statuses),
    };
    fields.refuse_others();
    health
}

pub(super) fn read_intent(root: &Fields<'_, '_>) -> Intent {
    let hosts = root
        .get("intent")
        .and_then(|value| root.notes().fields(value));
    let entries = hosts
        .map(|hosts| hosts.entries())
        .unwrap_or_default()
        .into_iter();
    let hosts = entries.filter_map(|(host, value, _)| host_intent(root, host, value));
    Intent {
        hosts: hosts.collect(),
    }
}

fn host_intent<'a>(
    root: &Fields<'_, 'a>,
    host: String,
    value: &'a super::fields::Value<'a>,
) -> Option<HostIntent> {
    let notes = root.notes();
    let fields = notes.fields(value)?;
    let may = fields
        .get("may")
        .map(|value| notes.texts(value))
        .unwrap_or_default();
    let must = fields.get("must").and_then(|value| notes.fields(value));
    let must = must
        .map(|must| must.entries())
        .unwrap_or_default()
        .into_iter();
    let must = must.filter_map(|(path, value, _)| {
        let span = Some(notes.span(value.span()));
        Some(MustReach {
            path: Glob::path(&path),
            group: notes.text(value)?,
            span,
        })
    });
    let intent = HostIntent {
        host,
        may,
        must: must.collect(),
        listeners: fields
            .get("listeners")
            .map(|value| notes.texts(value))
            .unwrap_or_default(),
        span: Some(fields.span()),
    };
    fields.refuse_others();
    Some(intent)
}
