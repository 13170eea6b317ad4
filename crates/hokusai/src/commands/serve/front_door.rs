//! `hokusai serve front-door`: a rule table, enforced once it was proven.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use hokusai_frontdoor::door::{Config as DoorConfig, FrontDoor};
use hokusai_routes::model::Table;
use hokusai_routes::source::Source;
use hokusai_routes::{findings, reader};
use hokusai_wire::client_addr::TrustedProxies;
use hokusai_wire::limits::Limits;
use hokusai_wire::shutdown;

use crate::config::Config;
use crate::exit::{Exit, Failure};

/// What the front door enforces.
#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// The rule table, a TOML file.
    #[arg(long, value_name = "FILE")]
    routes: PathBuf,
    /// Serves a table that the prover does not accept, or that says nothing about intent.
    #[arg(long)]
    accept_unproven: bool,
}

/// Serves until `stop` is ready.
pub(crate) async fn run(
    arguments: &Arguments,
    config: &Config,
    is_announced: bool,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Exit> {
    let table = proven(read(&arguments.routes)?, arguments.accept_unproven)?;
    let (trigger, shutdown) = shutdown::channel();
    let config = DoorConfig {
        table,
        trusted_proxies: TrustedProxies::new(config.listeners.trusted_proxy.clone())?,
        limits: Limits::default(),
    };
    let door = FrontDoor::start(config, shutdown).await?;
    for (listener, address) in &door.addresses {
        tracing::info!(listener.name = %listener, listen.address = %address, "listener `{listener}` of the front door is at http://{address}");
        if is_announced {
            let line = serde_json::json!({"service": "front-door", "listener": listener, "url": format!("http://{address}")});
            println!("{line}");
        }
    }
    stop.await;
    tracing::info!("stopping: no new connections, finishing what runs");
    trigger.request();
    door.stopped().await;
    Ok(Exit::Fine)
}

fn read(path: &std::path::Path) -> anyhow::Result<Table> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the rule table `{name}` cannot be read"))?;
    let reading = reader::toml::read(&Source::new(0, name.clone(), text));
    if !reading.is_complete() {
        let first = reading.findings.iter().find(|finding| finding.is_failure());
        let message = first.map_or_else(String::new, |finding| finding.message.clone());
        return Err(Failure::usage(
            format!("the rule table `{name}` is not understood: {message}"),
            "see all with `hokusai routes check`",
        ));
    }
    Ok(reading.table)
}

fn proven(table: Table, accepts_unproven: bool) -> anyhow::Result<Table> {
    let report = findings::check(&table);
    if report.is_proven() {
        return Ok(table);
    }
    let why = report
        .findings
        .iter()
        .find(|finding| finding.is_failure())
        .map_or_else(
            || "it says no intent that could be proven".to_owned(),
            |finding| finding.message.clone(),
        );
    if accepts_unproven {
        tracing::warn!("serving an unproven rule table, as --accept-unproven says: {why}");
        return Ok(table);
    }
    Err(Failure::usage(
        format!("the rule table is not proven: {why}"),
        "mend it or add an [intent] section; --accept-unproven serves it as it is",
    ))
}
