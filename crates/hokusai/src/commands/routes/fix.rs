//! `hokusai routes fix`.

use clap::Args;
use hokusai_routes::findings::{self, Report};
use hokusai_routes::model::Table;
use hokusai_routes::writer;

use super::render;
use super::tables::Tables;
use crate::exit::Exit;

/// Which table; its files are not changed.
#[derive(Args)]
pub(crate) struct Fix {
    #[command(flatten)]
    tables: Tables,
}

/// Prints the repaired table to stdout, what was done and what is left to stderr; ends with 1 when something is left.
pub(super) fn run(arguments: &Fix) -> anyhow::Result<Exit> {
    let mut table = arguments.tables.read_all()?.table;
    let mut report = findings::check(&table);
    while let Some((better, next)) = step(&table, &report) {
        table = better;
        report = next;
    }
    for finding in &report.findings {
        eprint!("{}", render::finding(finding, &table));
    }
    print!("{}", writer::toml::write(&table));
    Ok(if report.is_clean() {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

/// One repair, if it leaves fewer findings; so the steps end.
fn step(table: &Table, report: &Report) -> Option<(Table, Report)> {
    for finding in &report.findings {
        let Some(fix) = &finding.fix else { continue };
        let better = fix.apply(table);
        let next = findings::check(&better);
        if next.findings.len() < report.findings.len() {
            eprintln!("repaired: {}", fix.summary);
            return Some((better, next));
        }
    }
    None
}
