//! `hokusai audit`: who did what to which key, and whether that record is whole.

mod export;
mod list;
mod verify;

use clap::{Args, Subcommand};

use super::keys::door::{Door, DoorArguments};
use crate::config::Settings;
use crate::exit::Exit;

/// Lists, verifies and exports the audit log.
#[derive(Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    door: DoorArguments,
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
}

/// Runs the subcommand.
pub(crate) fn run(audit: &Audit, settings: &Settings) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let door = Door::open(&audit.door, settings).await?;
        let done = match &audit.command {
            Command::List(list) => list::run(&door, list, audit.json).await,
            Command::Verify(verify) => verify::run(&door, verify, audit.json).await,
            Command::Export(export) => export::run(&door, export).await,
        };
        door.close().await;
        done
    })
}

/// A page of entries after number `after`.
async fn page(door: &Door, after: i64, limit: u32) -> anyhow::Result<Vec<serde_json::Value>> {
    let path = format!("/api/v1/audit?after={after}&limit={limit}");
    let mut answer = door.ask("GET", &path, None).await?;
    match answer.get_mut("entries").map(serde_json::Value::take) {
        Some(serde_json::Value::Array(entries)) => Ok(entries),
        _ => anyhow::bail!("the auth service answered without entries: is it of another release?"),
    }
}
