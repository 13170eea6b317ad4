//! What runs at the configured addresses, and whether its clock agrees with this one.

use std::net::SocketAddr;

use hokusai_server::outbound;
use reqwest::header::DATE;
use time::format_description::well_known::Rfc2822;

use super::Finding;
use crate::config::Config;
use crate::system::SystemClock;

/// Asks both services for their health, without a key.
pub(super) fn look(config: &Config) -> anyhow::Result<Vec<Finding>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let client = outbound::client()?;
        let mut findings = Vec::new();
        for (service, address) in [
            ("auth", config.listeners.auth),
            ("registry", config.listeners.registry),
        ] {
            findings.extend(ask(&client, service, address).await);
        }
        Ok(findings)
    })
}

async fn ask(client: &reqwest::Client, service: &str, address: SocketAddr) -> Vec<Finding> {
    let url = format!("http://{address}/health");
    let Ok(response) = client.get(&url).send().await else {
        let detail = format!("{service} does not run at `{address}`, where the settings put it");
        return vec![Finding::noted("services.running", detail)];
    };
    let date = response.headers().get(DATE).cloned();
    let status = response.status();
    let body: serde_json::Value = response.json().await.unwrap_or_default();
    let says = body.get("service").and_then(serde_json::Value::as_str);
    let mut findings = vec![if says == Some(service) && status.is_success() {
        Finding::fine(
            "services.running",
            format!("{service} answers at `{address}`"),
        )
    } else {
        Finding::wrong(
            "services.running",
            format!("something else than {service} answers at `{address}` ({status})"),
            format!("stop what listens there, or give {service} another port (--{service}-listen)"),
        )
    }];
    let server = date
        .and_then(|date| date.to_str().ok().map(str::to_owned))
        .and_then(|date| time::OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822).ok());
    if let Some(server) = server {
        findings.push(clock(service, server.unix_timestamp() - now_s()));
    }
    findings
}

fn now_s() -> i64 {
    use hokusai_core::clock::Clock as _;
    SystemClock::start().now_ms() / 1000
}

fn clock(service: &str, ahead_s: i64) -> Finding {
    if ahead_s.abs() <= MAX_SKEW_S {
        return Finding::fine(
            "clock",
            format!("this machine's clock agrees with that of {service}"),
        );
    }
    Finding::wrong(
        "clock",
        format!("the clock of {service} is {ahead_s} s ahead of this machine's"),
        "set the wrong one from a time server (`timedatectl set-ntp true`)",
    )
}

/// As the verifier has it: a Date has no fractions.
const MAX_SKEW_S: i64 = 30;
