//! The table for a terminal.

use std::fmt::Write as _;

use super::Report;
use super::sentence::{Piece, pieces};
use crate::verdict::{Overall, State};

/// Whether colours are used; the text says the same without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// With terminal colours.
    Yes,
    /// Plain text.
    No,
}

pub(super) fn write(report: &Report<'_>, colour: Colour) -> String {
    let mut out = String::new();
    let checks = &report.verdict.checks;
    let width = checks
        .iter()
        .map(|c| c.title.chars().count())
        .max()
        .unwrap_or_default();
    let mut area = None;
    for check in checks {
        if area != Some(check.area) {
            area = Some(check.area);
            line(
                &mut out,
                &format!("\n{}", paint(check.area.title(), BOLD, colour)),
            );
        }
        let (word, code) = mark(check.state);
        let padding = " ".repeat(width.saturating_sub(check.title.chars().count()));
        line(
            &mut out,
            &format!(
                "  {}  {}{padding}  {}",
                paint(word, code, colour),
                check.title,
                plain(&check.detail)
            ),
        );
    }
    for (index, cause) in report.causes.iter().enumerate() {
        let label = if index == 0 { "cause" } else { "also " };
        line(
            &mut out,
            &format!("\n{} {}", paint(label, RED, colour), cause.sentence),
        );
        for evidence in &cause.evidence {
            line(&mut out, &format!("      - {evidence}"));
        }
        line(
            &mut out,
            &format!("  {} {}", paint("fix", GREEN, colour), cause.fix),
        );
    }
    let (word, code) = match report.verdict.overall() {
        Overall::Passed => ("PASSED", GREEN),
        Overall::Failed => ("FAILED", RED),
        Overall::Incomplete => ("INCOMPLETE", YELLOW),
    };
    line(
        &mut out,
        &format!("\n{}  {}", paint(word, code, colour), report.summary()),
    );
    out
}

fn mark(state: State) -> (&'static str, &'static str) {
    match state {
        State::Passed => ("pass", GREEN),
        State::Failed => ("FAIL", RED),
        State::NotRun => ("  - ", DIM),
        State::Noted => ("note", DIM),
    }
}

/// In a table the backticks are noise.
fn plain(sentence: &str) -> String {
    pieces(sentence)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) | Piece::Code(text) => text,
        })
        .collect()
}

fn paint(text: &str, code: &str, colour: Colour) -> String {
    match colour {
        Colour::Yes => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        Colour::No => text.to_owned(),
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(out, "{text}");
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
