//! `hokusai model`: registers, lists, shows and downloads models over HTTP with a key.

mod client;
mod download;
mod list;
mod reference;
mod register;
mod show;
mod tree;

use clap::{Args, Subcommand};

use crate::exit::Exit;

/// Registers, lists, shows and downloads models.
#[derive(Args)]
pub(crate) struct Model {
    #[command(flatten)]
    client: client::ClientArguments,
    /// Prints the answer as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Uploads a file or directory and registers it as the next version of a model: all of it or nothing.
    Register(Box<register::Register>),
    /// Lists the models.
    List,
    /// Shows a model with its versions and aliases.
    Show(show::Show),
    /// Downloads a version and verifies every file's digest.
    Download(download::Download),
}

/// Runs the subcommand.
pub(crate) fn run(model: Model) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let client = client::Client::open(&model.client)?;
        match model.command {
            Command::Register(register) => register::run(&client, &register, model.json).await,
            Command::List => list::run(&client, model.json).await,
            Command::Show(show) => show::run(&client, &show, model.json).await,
            Command::Download(download) => download::run(&client, &download, model.json).await,
        }
    })
}
