//! The record that people read: Markdown, with the checklist ticked by evidence.

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::plan::Plan;
use crate::state::{Entry, Event, Phase, State};

/// The whole record of a migration, as it stands.
pub fn markdown(plan: &Plan, entries: &[Entry]) -> String {
    let state = State::of(plan, entries);
    let mut text = String::from("# Migration record\n\n");
    let _ = writeln!(text, "**Status**: {}", status(&state));
    let _ = writeln!(
        text,
        "**Plan**: `{}`, made {}",
        plan.hash(),
        date(plan.made_at_ms)
    );
    let _ = writeln!(text, "**Where**: {}", plan.identity.kind);
    for (name, value) in &plan.identity.pinned {
        let _ = writeln!(text, "  - {name}: `{}`", cell(value));
    }
    let _ = writeln!(
        text,
        "**Clients use**: {} and {}\n",
        cell(&plan.endpoints.auth),
        cell(&plan.endpoints.registry)
    );
    moves(&mut text, plan);
    checklist(&mut text, plan, entries, &state);
    ways_back(&mut text, entries);
    log(&mut text, entries);
    text
}

fn status(state: &State) -> String {
    match &state.phase {
        Phase::Finished => "finished".to_owned(),
        Phase::RolledBack => "rolled back".to_owned(),
        Phase::Back => "rolling back".to_owned(),
        Phase::Forward(step) => match &state.failure {
            Some(why) => format!("stopped at {step}: {}", cell(why)),
            None => format!("at {step}"),
        },
    }
}

fn moves(text: &mut String, plan: &Plan) {
    let _ = writeln!(text, "## Which requests move\n");
    if plan.moves.is_empty() {
        let _ = writeln!(
            text,
            "None: the tables decide every request alike, proven.\n"
        );
        return;
    }
    let _ = writeln!(
        text,
        "| a shortest request | from | to | old rule | new rule |\n| --- | --- | --- | --- | --- |"
    );
    for found in &plan.moves {
        let rule =
            |rule: &Option<String>| rule.as_deref().map_or_else(|| "(default)".to_owned(), cell);
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            cell(&found.witness),
            cell(&found.from),
            cell(&found.to),
            rule(&found.old_rule),
            rule(&found.new_rule)
        );
    }
    let _ = writeln!(
        text,
        "\nEvery other request keeps its target; both statements are proven.\n\nCost: {}\n",
        cell(&plan.cost)
    );
}

fn checklist(text: &mut String, plan: &Plan, entries: &[Entry], state: &State) {
    let _ = writeln!(text, "## Testing checklist\n");
    for step in plan.steps() {
        let done = entries.iter().rev().find_map(|entry| match &entry.event {
            Event::Done { step: s, evidence } if *s == step => Some((entry.at_ms, evidence)),
            _ => None,
        });
        match done {
            Some((at_ms, evidence)) => {
                let _ = writeln!(
                    text,
                    "- [x] **{step}**: {} ({})",
                    step.purpose(),
                    date(at_ms)
                );
                for line in evidence {
                    let _ = writeln!(text, "  - {}", cell(line));
                }
            }
            None => {
                let _ = writeln!(text, "- [ ] **{step}**: {}", step.purpose());
            }
        }
    }
    if let Some(baseline) = &state.baseline {
        let red = baseline.red();
        let _ = writeln!(text, "\nBaseline: {}.", baseline.summary());
        if !red.is_empty() {
            let _ = writeln!(text, "Red before anything was changed: {}.", red.join(", "));
        }
    }
    text.push('\n');
}

fn ways_back(text: &mut String, entries: &[Entry]) {
    for entry in entries {
        match &entry.event {
            Event::RollingBack { why } => {
                let _ = writeln!(
                    text,
                    "## Rollback\n\n{}: {}\n",
                    date(entry.at_ms),
                    cell(why)
                );
            }
            Event::RolledBack { evidence, red } => {
                for line in evidence {
                    let _ = writeln!(text, "- [x] {}", cell(line));
                }
                let red = if red.is_empty() {
                    "nothing".to_owned()
                } else {
                    red.join(", ")
                };
                let _ = writeln!(text, "\nRed in the restored state: {red}.\n");
            }
            _ => {}
        }
    }
}

fn log(text: &mut String, entries: &[Entry]) {
    let _ = writeln!(text, "## Log\n\n| when | what |\n| --- | --- |");
    for entry in entries {
        let what = match &entry.event {
            Event::Planned { plan } => format!("agreed to plan {plan}"),
            Event::Baseline { probes } => format!("baseline: {}", probes.summary()),
            Event::Began { step } => format!("{step} begins"),
            Event::Setting { traffic } => match traffic.percent_next {
                Some(percent) => format!("sets {percent} % on the new side"),
                None => "sets the earlier records".to_owned(),
            },
            Event::Verified {
                probes,
                regressions,
                ..
            } => format!(
                "verified: {}; {} regressions",
                probes.summary(),
                regressions.len()
            ),
            Event::Done { step, .. } => format!("{step} done"),
            Event::Failed { why, .. } => format!("failed: {why}"),
            Event::RollingBack { .. } => "going back".to_owned(),
            Event::RolledBack { .. } => "the earlier state is restored".to_owned(),
            Event::Finished => "finished".to_owned(),
        };
        let _ = writeln!(text, "| {} | {} |", date(entry.at_ms), cell(&what));
    }
}

/// Text from outside must not become Markdown: one line, no markup (security 22).
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || BIDI.contains(&c) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn date(at_ms: i64) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(at_ms.div_euclid(1000))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_default()
}

/// Characters that change the direction of what follows.
const BIDI: [char; 11] = [
    '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];
/// Name of the record in the migration's directory.
pub const FILE: &str = "record.md";
