//! A target group as a backend; one that fails open has a second backend without health checks.

use super::line;
use crate::model::{Algorithm, Protocol, TargetGroup};
use crate::writer::names::Names;
use crate::writer::{Refusals, addresses};

pub(super) fn write(
    out: &mut String,
    group: &TargetGroup,
    names: &mut Names,
    refusals: &mut Refusals,
) {
    let addresses = addresses(group, refusals);
    refuse(group, refusals);
    let checked = group.health.enabled;
    let name = names.of(&format!("group {}", group.name));
    backend(out, group, &name, &addresses, checked);
    if group.fail_open {
        let name = names.of(&format!("group {} unchecked", group.name));
        backend(out, group, &name, &addresses, false);
    }
}

fn refuse(group: &TargetGroup, refusals: &mut Refusals) {
    let cookie = group
        .stickiness
        .as_ref()
        .and_then(|s| s.app_cookie.as_ref());
    if let Some(cookie) = cookie {
        let message = format!(
            "group `{}`: HAProxy can't follow the application's cookie `{cookie}`",
            group.name
        );
        refusals.refuse(
            group.span,
            message,
            "leave `app_cookie` out: HAProxy then sets one of its own",
        );
    }
    if group.deregistration_delay_s != TargetGroup::new("").deregistration_delay_s {
        let message = format!(
            "group `{}`: the deregistration delay means nothing to HAProxy, whose old process keeps open requests",
            group.name
        );
        refusals.note(
            group.span,
            message,
            "set `hard-stop-after` in its global section",
        );
    }
}

fn backend(
    out: &mut String,
    group: &TargetGroup,
    name: &str,
    addresses: &[(String, u16)],
    checked: bool,
) {
    line(out, 0, &format!("\nbackend {name}"));
    let balance = match group.algorithm {
        Algorithm::RoundRobin => "roundrobin",
        Algorithm::LeastOutstandingRequests => "leastconn",
        Algorithm::WeightedRandom => "random(1)",
    };
    line(out, 1, &format!("balance {balance}"));
    if let Some(most) = group.max_in_flight {
        // The request itself is counted.
        line(
            out,
            1,
            &format!("http-request deny deny_status 503 if {{ be_conn({name}) gt {most} }}"),
        );
    }
    if let Some(timeout_ms) = group.response_timeout_ms {
        line(out, 1, &format!("timeout server {timeout_ms}ms"));
    }
    if let Some(sticky) = &group.stickiness {
        let seconds = sticky.duration_s;
        line(
            out,
            1,
            &format!("cookie {COOKIE} insert indirect nocache httponly maxlife {seconds}s"),
        );
    }
    if checked {
        checks(out, group);
    }
    for (number, (host, port)) in (1..).zip(addresses) {
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.clone()
        };
        line(
            out,
            1,
            &format!(
                "server t{number} {host}:{port}{}",
                options(group, number, checked)
            ),
        );
    }
}

fn checks(out: &mut String, group: &TargetGroup) {
    let health = &group.health;
    line(out, 1, "option httpchk");
    let path = super::quoted(&health.path);
    line(
        out,
        1,
        &format!(
            "http-check send meth GET uri {path} ver HTTP/1.1 hdr Host {}",
            "health-check"
        ),
    );
    line(
        out,
        1,
        &format!("http-check expect status {}", health.matcher()),
    );
    line(out, 1, &format!("timeout check {}s", health.timeout_s));
}

fn options(group: &TargetGroup, number: u32, checked: bool) -> String {
    let mut options = Vec::new();
    if group.protocol == Protocol::Https {
        // Like the load balancer, which does not look at the certificates of targets.
        options.push("ssl verify none".to_owned());
    }
    if group.stickiness.is_some() {
        options.push(format!("cookie t{number}"));
    }
    if group.slow_start_s > 0 {
        options.push(format!("slowstart {}s", group.slow_start_s));
    }
    if checked {
        let health = &group.health;
        options.push(format!(
            "check inter {}s rise {} fall {}",
            health.interval_s, health.healthy_threshold, health.unhealthy_threshold
        ));
        options.extend(health.port.map(|port| format!("port {port}")));
        options.push(match health.protocol {
            Protocol::Https => "check-ssl verify none".to_owned(),
            Protocol::Http if group.protocol == Protocol::Https => "no-check-ssl".to_owned(),
            Protocol::Http => String::new(),
        });
    }
    options.retain(|option| !option.is_empty());
    options.insert(0, String::new());
    options.join(" ")
}

/// Name of the cookie that keeps a client with its target.
const COOKIE: &str = "FRONTDOOR";
