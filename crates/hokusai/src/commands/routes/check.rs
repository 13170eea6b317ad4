//! `hokusai routes check`.

use std::path::PathBuf;

use clap::Args;
use hokusai_routes::finding::Finding;
use hokusai_routes::findings;
use hokusai_routes::model::{HostIntent, Intent, Table};
use serde_json::json;

use super::{render, tables};
use crate::exit::{Exit, Failure};

/// Which files, and what they are meant to do.
#[derive(Args)]
pub(crate) struct Check {
    /// Files that make one table.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A file with `[intent]` tables.
    #[arg(long, value_name = "FILE")]
    intent: Option<PathBuf>,
    /// Target groups that a host may reach; replaces what the files say of the host.
    #[arg(long, value_name = "HOST=GROUP[,GROUP]")]
    expect: Vec<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Checks, and ends with 1 when something fails.
pub(super) fn run(check: &Check) -> anyhow::Result<Exit> {
    let files: Vec<PathBuf> = check.files.iter().chain(&check.intent).cloned().collect();
    let mut reading = tables::read(&files)?;
    for expectation in &check.expect {
        expect(&mut reading.table.intent, expectation)?;
    }
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
        let answer = json!({ "findings": found, "proven": proven });
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        print_for_people(&reading.table, &found, &proven);
    }
    let fails = found.iter().any(Finding::is_failure);
    Ok(if fails { Exit::Findings } else { Exit::Fine })
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

fn expect(intent: &mut Intent, expectation: &str) -> anyhow::Result<()> {
    let (host, groups) = expectation
        .split_once('=')
        .filter(|(host, _)| !host.is_empty())
        .ok_or_else(|| {
            Failure::usage(
                format!("`{expectation}` is not HOST=GROUP"),
                "for example --expect auth.example.com=auth",
            )
        })?;
    let groups = groups.split(',').map(str::trim);
    intent
        .hosts
        .retain(|entry| !entry.host.eq_ignore_ascii_case(host));
    intent.hosts.push(HostIntent {
        host: host.to_owned(),
        may: groups
            .filter(|group| !group.is_empty())
            .map(str::to_owned)
            .collect(),
        must: Vec::new(),
        listeners: Vec::new(),
        span: None,
    });
    Ok(())
}
