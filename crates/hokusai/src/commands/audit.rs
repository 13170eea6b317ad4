//! `hokusai audit`: who did what to which key or model, and whether that record is whole.

mod export;
mod list;
mod seal;
mod segments;
mod verify;

use clap::{Args, Subcommand, ValueEnum};

use serde_json::Value;

use super::keys::door::{Door, DoorArguments};
use crate::config::Settings;
use crate::exit::Exit;

/// Lists, verifies, exports and seals the audit logs.
#[derive(Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    door: DoorArguments,
    /// Which service's log: that of keys, or that of models, versions, aliases and deletions.
    #[arg(long, global = true, value_enum, default_value_t)]
    log: Log,
    /// The registry, for `--log registry`; the same address that MLflow's client uses.
    #[arg(
        long,
        env = "MLFLOW_TRACKING_URI",
        global = true,
        value_name = "URL",
        default_value = "http://127.0.0.1:5000"
    )]
    registry_url: String,
    /// Prints the answer as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lists entries, oldest first.
    List(list::List),
    /// Walks along the chain of hashes: exit code 1 if an entry was changed or the end was cut off.
    Verify(verify::Verify),
    /// Writes every entry as a line of JSON.
    Export(export::Export),
    /// Writes old entries to a file and lets the database forget them; the chain goes on from there.
    Seal(seal::Seal),
}

/// The two logs.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Log {
    /// Of the auth service.
    #[default]
    Auth,
    /// Of the registry.
    Registry,
}

/// A log that can be asked.
struct AuditLog {
    door: Door,
    /// The path of its endpoints.
    base: &'static str,
}

/// Runs the subcommand.
pub(crate) fn run(audit: &Audit, settings: &Settings) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let log = AuditLog::open(audit, settings).await?;
        let done = match &audit.command {
            Command::List(list) => list::run(&log, list, audit.json).await,
            Command::Verify(verify) => verify::run(&log, verify, audit.json).await,
            Command::Export(export) => export::run(&log, export).await,
            Command::Seal(seal) => seal::run(&log, seal, audit.json).await,
        };
        log.door.close().await;
        done
    })
}

impl AuditLog {
    async fn open(audit: &Audit, settings: &Settings) -> anyhow::Result<Self> {
        Ok(match audit.log {
            Log::Auth => Self {
                door: Door::open(&audit.door, settings).await?,
                base: "/api/v1/audit",
            },
            Log::Registry => Self {
                door: Door::to_registry(&audit.door, &audit.registry_url)?,
                base: "/api/audit",
            },
        })
    }

    /// A page of entries after number `after`.
    async fn page(&self, after: i64, limit: u32) -> anyhow::Result<Vec<Value>> {
        let path = format!("{}?after={after}&limit={limit}", self.base);
        let mut answer = self.door.ask("GET", &path, None).await?;
        match answer.get_mut("entries").map(Value::take) {
            Some(Value::Array(entries)) => Ok(entries),
            _ => anyhow::bail!("the service answered without entries: is it of another release?"),
        }
    }
}
