//! `hokusai routes fix`.

use std::path::PathBuf;

use clap::Args;
use hokusai_routes::findings::{self, Report};
use hokusai_routes::model::Table;
use hokusai_routes::writer;

use super::{render, tables};
use crate::exit::Exit;

/// Which table.
#[derive(Args)]
pub(crate) struct Fix {
    /// The table; it is not changed.
    file: PathBuf,
}

/// Prints the repaired table to stdout, what was done and what is left to stderr; ends with 1 when something is left.
pub(super) fn run(arguments: &Fix) -> anyhow::Result<Exit> {
    let mut table = tables::read_all_of(&arguments.file)?.table;
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
