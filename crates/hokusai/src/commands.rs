//! The command line. A file per command; `run` matches and calls.

mod config_show;
mod demo;
mod keys;
mod model;
mod routes;
pub(crate) mod serve;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::config::{FileArgument, Settings};
use crate::exit::Exit;
use crate::telemetry;

/// A model registry that teams can trust in production.
#[derive(Parser)]
#[command(name = "hokusai", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: FileArgument,
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
    /// Registers, lists, shows and downloads models.
    Model(model::Model),
    /// Checks, explains, compares and repairs listener rules before they are applied.
    #[command(subcommand)]
    Routes(routes::Routes),
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
    /// Prints the settings that would be used, secrets hidden.
    Show {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs what was asked for.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    telemetry::start(matches!(arguments.command, Command::Demo(_)));
    let settings = arguments.settings.with_file(&arguments.file)?;
    match arguments.command {
        Command::Model(model) => model::run(model),
        Command::Serve(serve) => serve::run(&serve, &settings.check()?),
        Command::Demo(demo) => demo::run(&demo),
        Command::Keys(keys) => keys::run(*keys, &settings),
        Command::Routes(routes) => routes::run(&routes),
        Command::Config(ConfigCommand::Show { json }) => config_show::run(&settings, json),
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
