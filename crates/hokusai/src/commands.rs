//! The command line. A file per command; `run` matches and calls.

mod audit;
mod aws;
mod backup;
mod config_show;
mod db;
mod demo;
mod digest;
mod doctor;
mod front_door;
mod keys;
mod migrate;
mod model;
mod openapi;
mod restore;
mod routes;
pub(crate) mod serve;
mod verify;

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::config::{self, FileArgument, Settings};
use crate::exit::Exit;
use crate::telemetry;

/// A model registry that teams can trust in production.
#[derive(Parser)]
#[command(name = "hokusai", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    _file: FileArgument,
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the services.
    Serve(serve::Serve),
    /// Shows on free ports and in a temporary directory that all of it works.
    Demo(demo::Demo),
    /// Makes, lists, rotates, revokes and validates API keys.
    Keys(Box<keys::Keys>),
    /// Lists, verifies and exports the audit log.
    Audit(Box<audit::Audit>),
    /// Copies databases and artifacts while servers run.
    Backup(backup::Backup),
    /// Puts a backup back into an empty place.
    Restore(restore::Restore),
    /// Looks at the databases, upgrades and checks them.
    Db(db::Db),
    /// Registers, lists, shows and downloads models.
    Model(model::Model),
    /// Checks, explains, compares and repairs listener rules before they are applied.
    #[command(subcommand)]
    Routes(routes::Routes),
    /// Shows and changes which rules a running front door enforces.
    FrontDoor(front_door::FrontDoor),
    /// Checks a running deployment from the outside, and names the cause of what is wrong.
    Verify(Box<verify::Verify>),
    /// Moves from a shared load balancer to dedicated ones, with gates, verification and a way back.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Prints the OpenAPI document of a service.
    Openapi {
        /// Which service.
        service: openapi::Service,
    },
    /// Looks at the local side: settings, data, clock, and what the MLflow client here would send.
    Doctor(doctor::Doctor),
    /// Looks at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Prints completions for a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Prints the settings that would be used, each with its source, secrets hidden.
    Show {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Reads the command line with environment and file, and runs what was asked for.
pub(crate) fn run(line: &[OsString]) -> anyhow::Result<Exit> {
    let layers = config::read(&Arguments::command(), line)?;
    let arguments = Arguments::from_arg_matches(&layers.matches)?;
    telemetry::start(matches!(
        arguments.command,
        Command::Demo(_) | Command::Doctor(_) | Command::Verify(_) | Command::Migrate(_)
    ));
    for warning in &layers.warnings {
        tracing::warn!("{warning}");
    }
    let settings = arguments.settings;
    match arguments.command {
        Command::Model(model) => model::run(model),
        Command::Serve(serve) => serve::run(&serve, &settings.check()?),
        Command::Demo(demo) => demo::run(&demo),
        Command::Audit(audit) => audit::run(&audit, &settings),
        Command::Backup(backup) => backup::run(&backup, &settings),
        Command::Db(db) => db::run(&db, &settings),
        Command::Restore(restore) => restore::run(&restore, &settings),
        Command::Keys(keys) => keys::run(*keys, &settings),
        Command::Routes(routes) => routes::run(&routes),
        Command::FrontDoor(command) => front_door::run(&command, &settings.check()?.front_door),
        Command::Doctor(doctor) => {
            doctor::run(&doctor, &settings, &layers.settings, &layers.warnings)
        }
        Command::Verify(verify) => verify::run(&verify),
        Command::Migrate(migrate) => migrate::run(migrate),
        Command::Config(ConfigCommand::Show { json }) => {
            config_show::run(&settings, &layers.settings, json)
        }
        Command::Openapi { service } => openapi::run(service),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Arguments::command(),
                "hokusai",
                &mut std::io::stdout(),
            );
            Ok(Exit::Fine)
        }
    }
}
