//! `hokusai db`: which version the databases have, and whether they are whole.

mod artifacts;
mod check;
mod status;
mod upgrade;

use clap::{Args, Subcommand};

use crate::config::Settings;
use crate::exit::Exit;

/// Looks at the databases, upgrades and checks them.
#[derive(Args)]
pub(crate) struct Db {
    /// Prints the answer as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows version, size and pending migrations of each database: exit code 1 if something is pending.
    Status,
    /// Applies pending migrations, which a server does at its start too.
    Upgrade,
    /// Lets the databases look for damage, and verifies the audit log: exit code 1 if something is wrong. Servers may run.
    Check(check::Check),
}

/// Runs the subcommand. None of them may be inside of a tokio task, which PostgreSQL's client does not bear.
pub(crate) fn run(db: &Db, settings: &Settings) -> anyhow::Result<Exit> {
    let config = settings.check()?;
    match &db.command {
        Command::Status => status::run(&config, db.json),
        Command::Upgrade => upgrade::run(&config, db.json),
        Command::Check(check) => check::run(check, &config, db.json),
    }
}
