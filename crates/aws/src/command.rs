//! The command line.

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use serde_json::Value;

use crate::connection::Connection;
use crate::{describe, records, targets};

/// What `hokusai` asks of AWS; prints JSON of AWS's own shape.
#[derive(Parser)]
#[command(name = "hokusai-aws", version)]
pub(crate) struct Arguments {
    /// Region; otherwise what environment and profile say.
    #[arg(long, global = true)]
    pub region: Option<String>,
    /// Another endpoint than AWS's, for all services; never taken from environment or profile.
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prints load balancers with their listeners, rules, target groups and tags, all pages.
    Describe {
        /// Name or ARN; may be repeated.
        #[arg(long = "load-balancer", required = true)]
        load_balancer: Vec<String>,
    },
    /// Prints the address records of names.
    Records {
        /// Hosted zone.
        #[arg(long)]
        zone: String,
        /// Name; may be repeated.
        #[arg(long = "name", required = true)]
        name: Vec<String>,
    },
    /// Applies one change batch, read from the standard input: `{"Changes": [{"Action": …, "ResourceRecordSet": …}]}`.
    Change {
        /// Hosted zone.
        #[arg(long)]
        zone: String,
    },
    /// Prints whether a change has reached all name servers.
    ChangeStatus {
        /// Id of the change.
        id: String,
    },
    /// Prints the targets of a group with their health.
    Targets {
        /// ARN of the group.
        #[arg(long)]
        group: String,
    },
    /// Registers targets, read from the standard input: `{"Targets": [{"Id": …, "Port": …}]}`.
    Register {
        /// ARN of the group.
        #[arg(long)]
        group: String,
    },
    /// Deregisters targets, read from the standard input as for `register`.
    Deregister {
        /// ARN of the group.
        #[arg(long)]
        group: String,
    },
}

/// Runs a command and gives what it prints.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<Value> {
    let connection = Connection::open(arguments).await;
    match &arguments.command {
        Command::Describe { load_balancer } => describe::describe(&connection, load_balancer).await,
        Command::Records { zone, name } => records::list(&connection, zone, name).await,
        Command::Change { zone } => records::change(&connection, zone, &input()?).await,
        Command::ChangeStatus { id } => records::status(&connection, id).await,
        Command::Targets { group } => targets::list(&connection, group).await,
        Command::Register { group } => targets::register(&connection, group, &input()?).await,
        Command::Deregister { group } => targets::deregister(&connection, group, &input()?).await,
    }
}

fn input() -> anyhow::Result<Value> {
    use std::io::Read as _;
    let mut text = String::new();
    std::io::stdin()
        .take(MAX_INPUT_BYTES)
        .read_to_string(&mut text)
        .context("the standard input cannot be read")?;
    serde_json::from_str(&text).context("the standard input is not JSON")
}

/// The largest change batch that Route 53 takes has 1,000 records of a few hundred bytes.
const MAX_INPUT_BYTES: u64 = 1 << 20;
