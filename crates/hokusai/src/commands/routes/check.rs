//! `hokusai routes check`.

use clap::Args;
use hokusai_routes::finding::Finding;
use hokusai_routes::findings;
use hokusai_routes::model::Table;
use serde::Serialize;
use serde_json::json;

use super::tables::Tables;
use super::{render, sarif};
use crate::exit::Exit;

/// Which files, and what they are meant to do.
#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    tables: Tables,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// As SARIF 2.1.0, for code hosts.
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
}

/// Checks, and ends with 1 when something fails.
pub(super) fn run(check: &Check) -> anyhow::Result<Exit> {
    let reading = check.tables.read()?;
    let report = findings::check(&reading.table);
    // What was proven of half a table says nothing about the whole.
    let proven = if reading.is_complete() {
        report.proven
    } else {
        Vec::new()
    };
    let mut found = reading.findings;
    found.extend(report.findings);
    if check.json {
        let found: Vec<Placed<'_>> = found
            .iter()
            .map(|finding| Placed::of(finding, &reading.table))
            .collect();
        let answer = json!({ "findings": found, "proven": proven });
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else if check.sarif {
        println!("{:#}", sarif::log(&found, &reading.table));
    } else {
        print_for_people(&reading.table, &found, &proven);
    }
    let fails = found.iter().any(Finding::is_failure);
    Ok(if fails { Exit::Findings } else { Exit::Fine })
}

/// A finding for programs, and where it was written.
#[derive(Serialize)]
struct Placed<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    file: Option<&'a str>,
    /// Counted from 1.
    line: Option<usize>,
    /// In characters, counted from 1.
    column: Option<usize>,
}

impl<'a> Placed<'a> {
    fn of(finding: &'a Finding, table: &'a Table) -> Self {
        let source = finding.span.and_then(|span| table.source_of(span));
        let place = source
            .zip(finding.span)
            .and_then(|(source, span)| source.place(span));
        Self {
            finding,
            file: source.map(|source| source.name.as_str()),
            line: place.as_ref().map(|place| place.line),
            column: place.as_ref().map(|place| place.column),
        }
    }
}

fn print_for_people(table: &Table, found: &[Finding], proven: &[String]) {
    for finding in found {
        print!("{}", render::finding(finding, table));
    }
    for sentence in proven {
        println!("proven: {sentence}");
    }
    let failures = found.iter().filter(|finding| finding.is_failure()).count();
    match failures {
        0 => println!("no failures"),
        1 => println!("1 failure"),
        many => println!("{many} failures"),
    }
}
