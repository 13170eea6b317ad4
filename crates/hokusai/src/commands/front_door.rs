//! `hokusai front-door`: which rules a running front door enforces, and changing that.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hokusai_frontdoor::admin::client::{Address, AdminClient, AdminError};
use hokusai_frontdoor::admin::protocol::{LoadNext, Reload, Status, Step, TableStatus, Weights};

use super::serve::read_admin_key;
use crate::config::FrontDoorConfig;
use crate::exit::{Exit, Failure};

/// What to ask of the front door whose admin socket is in the data directory.
#[derive(Args)]
pub(crate) struct FrontDoor {
    #[command(subcommand)]
    ask: Ask,
    /// As JSON.
    #[arg(long, global = true)]
    json: bool,
    /// Change something only if this is the revision; the status shows it.
    #[arg(long, global = true, value_name = "N")]
    if_revision: Option<u64>,
}

#[derive(Subcommand)]
enum Ask {
    /// Shows the tables, their shares, and how the targets are.
    Status,
    /// Reads the rule file again, as SIGHUP does.
    Reload {
        /// Lets the file promise less of its hosts than the running table.
        #[arg(long)]
        accept_intent_change: bool,
    },
    /// Proves a table and keeps it beside the current one, without clients.
    LoadNext {
        /// The table.
        file: PathBuf,
        /// Lets it promise less of its hosts than the running table.
        #[arg(long)]
        accept_intent_change: bool,
    },
    /// Gives the next table a share of the clients.
    Weights {
        /// Percent of the clients, 0 to 100.
        #[arg(long, value_name = "PERCENT")]
        next: u8,
        /// Of one listener only.
        #[arg(long, value_name = "NAME")]
        listener: Option<String>,
    },
    /// Makes the next table the current one.
    Promote,
    /// Takes the next table away; without one, undoes the last promotion.
    Rollback,
    /// Prints the counters.
    Metrics,
}

/// Asks and prints.
pub(crate) fn run(command: &FrontDoor, config: &FrontDoorConfig) -> anyhow::Result<Exit> {
    let client = AdminClient::new(address(config)?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        if matches!(command.ask, Ask::Metrics) {
            print!(
                "{}",
                client.metrics().await.map_err(|error| failed(&error))?
            );
            return Ok(Exit::Fine);
        }
        let status = ask(command, &client).await?;
        if command.json {
            println!("{}", serde_json::to_string_pretty(&status)?);
        } else {
            print_for_people(&status);
        }
        Ok(Exit::Fine)
    })
}

async fn ask(command: &FrontDoor, client: &AdminClient) -> anyhow::Result<Status> {
    let if_revision = command.if_revision;
    let step = Step { if_revision };
    let answer = match &command.ask {
        Ask::Status | Ask::Metrics => client.status().await,
        Ask::Reload {
            accept_intent_change,
        } => {
            let accept_intent_change = *accept_intent_change;
            let reload = Reload {
                accept_intent_change,
                if_revision,
            };
            client.reload(&reload).await
        }
        Ask::LoadNext {
            file,
            accept_intent_change,
        } => {
            let next = LoadNext {
                name: std::path::absolute(file)?.display().to_string(),
                text: std::fs::read_to_string(file).map_err(|error| {
                    Failure::usage(
                        format!("cannot read `{}`: {error}", file.display()),
                        "name a rule table",
                    )
                })?,
                accept_intent_change: *accept_intent_change,
                if_revision,
            };
            client.load_next(&next).await
        }
        Ask::Weights { next, listener } => {
            let weights = Weights {
                listener: listener.clone(),
                next_percent: *next,
                if_revision,
            };
            client.weights(&weights).await
        }
        Ask::Promote => client.promote(&step).await,
        Ask::Rollback => client.rollback(&step).await,
    };
    answer.map_err(|error| failed(&error))
}

/// The socket, unless only the address is there.
fn address(config: &FrontDoorConfig) -> anyhow::Result<Address> {
    Ok(match config.admin_listen {
        Some(address) if !config.admin_socket.exists() => Address::Tcp {
            address: address.to_string(),
            key: read_admin_key(&config.admin_key_file)?,
        },
        _ => Address::Socket(config.admin_socket.clone()),
    })
}

fn failed(error: &AdminError) -> anyhow::Error {
    let (hint, exit) = match error {
        AdminError::Unreachable { .. } => (
            "is the front door running, and --data-dir (or --front-door-admin-socket) the same as its?",
            Exit::CouldNotRun,
        ),
        AdminError::Refused { refusal, .. } => (refusal.hint.as_str(), Exit::Findings),
    };
    Failure {
        message: error.to_string(),
        hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()),
        exit,
    }
    .into()
}

fn print_for_people(status: &Status) {
    println!("revision {}", status.revision);
    for listener in &status.listeners {
        let share = match (listener.next_percent, &status.next) {
            (0, _) | (_, None) => String::new(),
            (percent, Some(_)) => format!(", {percent} % of its clients to the next table"),
        };
        println!("listener {} at {}{share}", listener.name, listener.url);
    }
    print_table("current", &status.current);
    if let Some(next) = &status.next {
        print_table("next", next);
    }
    if let Some(previous) = &status.previous {
        println!("previous table: {}", previous.name);
    }
}

fn print_table(which: &str, table: &TableStatus) {
    let proof = match &table.unproven_because {
        Some(why) => format!("NOT proven: {why}"),
        None => "proven".to_owned(),
    };
    println!(
        "{which} table: {}, {} rules, {proof}",
        table.name, table.rules
    );
    for group in &table.groups {
        let targets = group.targets.iter().map(|target| {
            let state = if target.is_healthy {
                "healthy"
            } else {
                "UNHEALTHY"
            };
            format!("{} {state}", target.name)
        });
        println!(
            "  group {}: {} in flight, {} waited, {} refused for want of a place; {}",
            group.name,
            group.in_flight,
            group.queued,
            group.full,
            targets.collect::<Vec<_>>().join(", ")
        );
    }
}
