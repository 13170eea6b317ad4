//! `hokusai routes`: listener rules, checked, explained, compared and repaired before they are applied.

mod check;
mod convert;
mod diff;
mod explain;
mod fix;
mod graph;
pub(super) mod render;
mod sarif;
pub(super) mod tables;

use clap::Subcommand;

use crate::exit::Exit;

/// What to do with listener rules.
#[derive(Subcommand)]
pub(crate) enum Routes {
    /// Finds what is wrong, with a shortest request that shows it, and proves the rest.
    Check(check::Check),
    /// Says which rule a request selects, and why none before it.
    Explain(explain::Explain),
    /// Lists the requests whose target changes between two tables.
    Diff(diff::Diff),
    /// Draws hosts, the rules that decide their requests and where these go, with the findings marked.
    Graph(graph::Graph),
    /// Writes the table as TOML, Terraform, HAProxy or Envoy configuration; what a form can't express is refused.
    Convert(convert::Convert),
    /// Prints the table with every repair that was proven to remove a finding.
    Fix(fix::Fix),
}

/// Runs what was asked for.
pub(crate) fn run(routes: &Routes) -> anyhow::Result<Exit> {
    match routes {
        Routes::Check(check) => check::run(check),
        Routes::Explain(explain) => explain::run(explain),
        Routes::Diff(diff) => diff::run(diff),
        Routes::Graph(graph) => graph::run(graph),
        Routes::Convert(convert) => convert::run(convert),
        Routes::Fix(fix) => fix::run(fix),
    }
}
