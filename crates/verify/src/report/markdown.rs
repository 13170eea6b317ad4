//! Markdown, in the shape of the report that this project was born from.

use std::fmt::Write as _;

use super::Report;
use super::sentence::{Piece, pieces, prose};
use crate::verdict::{Overall, State};

pub(super) fn write(report: &Report<'_>) -> String {
    let mut out = String::from("# Model Registration Test Report\n\n");
    head(report, &mut out);
    put(&mut out, "## Executive Summary\n");
    put(&mut out, &summary(report));
    findings(report, &mut out);
    results(report, &mut out);
    next_steps(report, &mut out);
    out
}

fn head(report: &Report<'_>, out: &mut String) {
    let status = match report.verdict.overall() {
        Overall::Passed => "✅ **PASSED**",
        Overall::Failed => "❌ **FAILED**",
        Overall::Incomplete => "⚠️ **INCOMPLETE**",
    };
    let key = report.masked_key.as_deref().unwrap_or("none");
    put(out, &format!("**Date**: {}  ", report.date()));
    put(out, &format!("**API Key**: `{key}`  "));
    put(out, &format!("**Auth**: `{}`  ", report.deployment.auth));
    put(
        out,
        &format!("**Registry**: `{}`  ", report.deployment.registry),
    );
    put(out, &format!("**Test Status**: {status}\n"));
}

fn summary(report: &Report<'_>) -> String {
    let first = match report.causes.first() {
        Some(cause) => format!(" {}", inline(&prose(&cause.sentence))),
        None if report.verdict.overall() == Overall::Passed && registered(report) => {
            " A model was registered, aliased, downloaded and compared byte for byte, with an API key.".to_owned()
        }
        None => String::new(),
    };
    format!("{}{first}\n", inline(&report.summary()))
}

fn registered(report: &Report<'_>) -> bool {
    report
        .verdict
        .check("registry.register")
        .is_some_and(|check| check.state == State::Passed)
}

fn findings(report: &Report<'_>, out: &mut String) {
    let Some((root, others)) = report.causes.split_first() else {
        return;
    };
    put(out, "## Key Findings\n");
    for (number, cause) in report.causes.iter().enumerate() {
        put(out, &format!("### {}. `{}`\n", number + 1, cause.code));
        put(out, &format!("{}\n", inline(&prose(&cause.sentence))));
        for evidence in &cause.evidence {
            put(out, &format!("- {}", inline(evidence)));
        }
        if !cause.evidence.is_empty() {
            put(out, "");
        }
    }
    put(out, "## Root Cause\n");
    put(out, &format!("{}\n", inline(&prose(&root.sentence))));
    if !others.is_empty() {
        put(
            out,
            "The other findings may be consequences of it: repair it first, then verify again.\n",
        );
    }
}

fn results(report: &Report<'_>, out: &mut String) {
    put(out, "## Test Results\n");
    put(
        out,
        "| Test | Result | Details |\n|------|--------|---------|",
    );
    for check in &report.verdict.checks {
        let mark = match check.state {
            State::Passed => "✅",
            State::Failed => "❌",
            State::NotRun => "➖ not run",
            State::Noted => "ℹ️ noted",
        };
        put(
            out,
            &format!(
                "| {} | {mark} | {} |",
                inline(&check.title),
                inline(&check.detail)
            ),
        );
    }
    put(out, "");
}

fn next_steps(report: &Report<'_>, out: &mut String) {
    put(out, "## Next Steps\n");
    if report.causes.is_empty() {
        put(out, "None: the deployment is as it should be.");
    }
    for (number, cause) in report.causes.iter().enumerate() {
        put(
            out,
            &format!("{}. {}", number + 1, inline(&prose(&cause.fix))),
        );
    }
    if !report.causes.is_empty() {
        put(
            out,
            &format!(
                "{}. Verify again:\n   ```bash\n   export HOKUSAI_API_KEY=\"hk_live_(masked)\"\n   hokusai verify --auth {} --registry {}\n   ```",
                report.causes.len() + 1,
                report.deployment.auth,
                report.deployment.registry
            ),
        );
    }
    put(
        out,
        &format!(
            "\n---\n\nWritten by `hokusai verify` {} on {}.",
            env!("CARGO_PKG_VERSION"),
            report.moment()
        ),
    );
}

/// A sentence: values as code, everything else escaped, so that no text of a server becomes markup.
fn inline(sentence: &str) -> String {
    pieces(sentence)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => escaped(text),
            // Inside code only the column's end means something.
            Piece::Code(text) => format!("`{}`", text.replace('|', "\\|")),
        })
        .collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' | '&' | '@'
        ) {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    // Bare addresses would become links by themselves.
    out.replace("://", ":\\//").replace("www.", "www\\.")
}

fn put(out: &mut String, text: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(out, "{text}");
}
