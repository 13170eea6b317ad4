//! `hokusai keys`: API keys, over HTTP with a key, or with `--local` on the database itself when no key is left.

mod create;
pub(super) mod door;
mod list;
mod revoke;
mod rotate;
mod show;
pub(super) mod table;
mod usage;
mod validate;

use clap::{Args, Subcommand};

use crate::config::Settings;
use crate::exit::Exit;

/// Makes, lists, rotates, revokes and validates API keys.
#[derive(Args)]
pub(crate) struct Keys {
    #[command(flatten)]
    door: door::DoorArguments,
    /// Prints the answer as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes a key and prints it, once.
    Create(create::Create),
    /// Lists the keys that yours may see.
    List,
    /// Shows one key: scopes, limits, last use, last refusal.
    Show(show::Show),
    /// Replaces a key; the old one lives on for a while.
    Rotate(rotate::Rotate),
    /// Ends a key, its predecessor and its successors, at once.
    Revoke(revoke::Revoke),
    /// Shows how much a key was used in a month.
    Usage(usage::Usage),
    /// Asks whether your own key (`HOKUSAI_API_KEY`, or --key-file) is good.
    Validate(validate::Validate),
}

/// Runs the subcommand.
pub(crate) fn run(keys: Keys, settings: &Settings) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let door = door::Door::open(&keys.door, settings).await?;
        let done = match keys.command {
            Command::Create(create) => create::run(&door, &create, keys.json).await,
            Command::List => list::run(&door, keys.json).await,
            Command::Show(show) => show::run(&door, &show, keys.json).await,
            Command::Rotate(rotate) => rotate::run(&door, &rotate, keys.json).await,
            Command::Revoke(revoke) => revoke::run(&door, &revoke, keys.json).await,
            Command::Usage(usage) => usage::run(&door, &usage, keys.json).await,
            Command::Validate(validate) => validate::run(&door, &validate, keys.json).await,
        };
        door.close().await;
        done
    })
}
