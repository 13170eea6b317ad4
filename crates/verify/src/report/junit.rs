//! `JUnit` XML, for CI servers.

use std::fmt::Write as _;

use super::Report;
use super::sentence::escape_markup;
use crate::verdict::State;

pub(super) fn write(report: &Report<'_>) -> String {
    let verdict = report.verdict;
    let skipped = verdict.count(State::NotRun) + verdict.count(State::Noted);
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" skipped=\"{skipped}\"",
        verdict.checks.len(),
        verdict.count(State::Failed)
    );
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"hokusai verify\" {counts}>\n  <testsuite name=\"hokusai verify\" {counts}>\n"
    );
    for check in &verdict.checks {
        let seconds = check.took_ms.unwrap_or_default();
        // Writing to a string can't fail.
        let _ = writeln!(
            out,
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{}.{:03}\">{}</testcase>",
            escape_markup(check.area.title()),
            escape_markup(&check.title),
            seconds / 1000,
            seconds % 1000,
            outcome(check.state, &check.detail)
        );
    }
    if let Some(cause) = report.causes.first() {
        let text = format!("{}\nfix: {}", cause.sentence, cause.fix);
        let _ = writeln!(out, "    <system-out>{}</system-out>", escape_markup(&text));
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn outcome(state: State, detail: &str) -> String {
    let detail = escape_markup(detail);
    match state {
        State::Passed => String::new(),
        State::Failed => format!("<failure message=\"{detail}\"/>"),
        State::NotRun | State::Noted => format!("<skipped message=\"{detail}\"/>"),
    }
}
