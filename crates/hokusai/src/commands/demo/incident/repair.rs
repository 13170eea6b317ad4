//! The proof that the rules are wrong, and the repair that was proven.

use std::path::{Path, PathBuf};

use hokusai_routes::findings::{self, Report};
use hokusai_routes::model::Table;
use hokusai_routes::writer;

use super::Stage;
use crate::commands::routes::{render, tables};

/// Checks the rules and shows the witness.
pub(super) fn check(stage: &mut Stage, rules: &Path) -> anyhow::Result<Table> {
    let table = tables::read_file(rules)?;
    let report = findings::check(&table);
    let about_auth = report.findings.iter().find(|finding| {
        finding.is_failure() && finding.host.as_deref() == Some(super::platform::AUTH_HOST)
    });
    if let Some(finding) = about_auth {
        stage.say(render::finding(finding, &table).trim_end());
    }
    let witness = about_auth
        .and_then(|finding| finding.witness.as_ref())
        .map(ToString::to_string);
    stage.check(
        "the prover finds the request that goes astray",
        witness.is_some(),
        witness.unwrap_or_else(|| "it found none".to_owned()),
    );
    Ok(table)
}

/// Applies proven repairs until nothing is left, and writes the table.
pub(super) fn repair(stage: &mut Stage, mut table: Table, path: &Path) -> anyhow::Result<PathBuf> {
    let mut report = findings::check(&table);
    while let Some((summary, better, next)) = step(&table, &report) {
        stage.say(&format!("  repaired: {summary}"));
        table = better;
        report = next;
    }
    let proven = report.proven.join("; ");
    stage.check(
        "the repaired rules are proven isolated",
        report.is_clean() && report.is_proven(),
        proven,
    );
    std::fs::write(path, writer::toml::write(&table))?;
    Ok(path.to_owned())
}

/// One repair that leaves fewer failures.
fn step(table: &Table, report: &Report) -> Option<(String, Table, Report)> {
    let failures = |report: &Report| report.findings.iter().filter(|f| f.is_failure()).count();
    report.findings.iter().find_map(|finding| {
        let fix = finding.fix.as_ref()?;
        let better = fix.apply(table);
        let next = findings::check(&better);
        (failures(&next) < failures(report)).then(|| (fix.summary.clone(), better, next))
    })
}
