//! Findings for people: the sentence, the line it is about, and what to do.

use std::fmt::Write as _;

use hokusai_routes::finding::{Finding, Severity};
use hokusai_routes::model::Table;

/// A finding with the line it was written on, ended by an empty line.
pub(in crate::commands) fn finding(finding: &Finding, table: &Table) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut out = format!("{severity}[{}]: {}\n", finding.code, finding.message);
    out.push_str(&excerpt(finding, table).unwrap_or_default());
    line(&mut out, "help", &finding.help);
    if let Some(fix) = &finding.fix {
        line(&mut out, "proven repair", &fix.summary);
    }
    out.push('\n');
    out
}

/// The place and its line, the part that is meant underlined.
fn excerpt(finding: &Finding, table: &Table) -> Option<String> {
    let span = finding.span?;
    let source = table.source_of(span)?;
    let place = source.place(span)?;
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let before = " ".repeat(place.indent);
    let mark = "^".repeat(place.width);
    Some(format!(
        "{margin}--> {}:{number}:{}\n{margin} |\n{number} | {}\n{margin} | {before}{mark}\n",
        source.name,
        place.column,
        place.text.replace('\t', " "),
    ))
}

fn line(out: &mut String, label: &str, text: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(out, "  = {label}: {text}");
}
