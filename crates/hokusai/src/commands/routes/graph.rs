//! `hokusai routes graph`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use hokusai_routes::{findings, graph};

use super::tables::Tables;
use crate::exit::Exit;

/// Which table, and where the picture goes.
#[derive(Args)]
pub(crate) struct Graph {
    #[command(flatten)]
    tables: Tables,
    /// Write the picture as SVG to a file, in place of the terminal.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// As JSON: what is drawn.
    #[arg(long, conflicts_with = "svg")]
    json: bool,
}

/// Draws the table; what is found is marked, and is no failure of this command.
pub(super) fn run(arguments: &Graph) -> anyhow::Result<Exit> {
    let table = arguments.tables.read_all()?.table;
    let report = findings::check(&table);
    let picture = graph::graph(&table, &report.findings);
    match &arguments.svg {
        None if arguments.json => println!("{}", serde_json::to_string_pretty(&picture)?),
        None => print!("{}", graph::terminal(&picture)),
        Some(file) => std::fs::write(file, graph::svg(&picture))
            .with_context(|| format!("could not write {}", file.display()))?,
    }
    Ok(Exit::Fine)
}
