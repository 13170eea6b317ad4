//! `hokusai routes fix`.

use clap::Args;
use hokusai_routes::findings::{self, Report};
use hokusai_routes::model::Table;
use hokusai_routes::writer;
use serde_json::json;

use super::render;
use super::tables::Tables;
use crate::exit::Exit;

/// Which table; its files are not changed.
#[derive(Args)]
pub(crate) struct Fix {
    #[command(flatten)]
    tables: Tables,
    /// As JSON: the repairs, the repaired table as TOML, and what is left.
    #[arg(long)]
    json: bool,
}

/// Prints the repaired table to stdout, what was done and what is left to stderr; ends with 1 when something is left.
pub(super) fn run(arguments: &Fix) -> anyhow::Result<Exit> {
    let mut table = arguments.tables.read_all()?.table;
    let mut report = findings::check(&table);
    let mut repairs = Vec::new();
    while let Some((better, next, summary)) = step(&table, &report) {
        table = better;
        report = next;
        repairs.push(summary);
    }
    let text = writer::toml::write(&table);
    if arguments.json {
        let answer = json!({ "repairs": repairs, "table": text, "findings": report.findings });
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        for summary in &repairs {
            eprintln!("repaired: {summary}");
        }
        for finding in &report.findings {
            eprint!("{}", render::finding(finding, &table));
        }
        print!("{text}");
    }
    Ok(if report.is_clean() {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

/// One repair, if it leaves fewer findings; so the steps end.
fn step(table: &Table, report: &Report) -> Option<(Table, Report, String)> {
    // Notes are for people to decide.
    for finding in report.findings.iter().filter(|f| f.is_failure()) {
        let Some(fix) = &finding.fix else { continue };
        let better = fix.apply(table);
        let next = findings::check(&better);
        if next.findings.len() < report.findings.len() {
            return Some((better, next, fix.summary.clone()));
        }
    }
    None
}
