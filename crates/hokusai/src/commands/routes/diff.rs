//! `hokusai routes diff`.

use std::path::PathBuf;
use std::slice::from_ref;

use clap::Args;
use hokusai_routes::diff::{self, Change};
use serde_json::{Value, json};

use super::tables::HowToRead;
use crate::exit::Exit;

/// Which tables.
#[derive(Args)]
pub(crate) struct Diff {
    /// The table as it is.
    old: PathBuf,
    /// The table as it will be.
    new: PathBuf,
    #[command(flatten)]
    how: HowToRead,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Prints the differences, and ends with 1 when there are any.
pub(super) fn run(arguments: &Diff) -> anyhow::Result<Exit> {
    let old = arguments.how.read_all(from_ref(&arguments.old))?.table;
    let new = arguments.how.read_all(from_ref(&arguments.new))?.table;
    let diff = diff::diff(&old, &new);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&as_json(&diff))?);
    } else {
        print_for_people(&diff);
    }
    Ok(if diff.is_empty() {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

fn print_for_people(diff: &diff::Diff) {
    if diff.is_empty() {
        println!("no request changes its target");
    }
    for change in &diff.changes {
        println!("{}", change.witness);
        println!("  - {} ({})", change.from, rule(change.old_rule.as_deref()));
        println!("  + {} ({})", change.to, rule(change.new_rule.as_deref()));
    }
    for listener in &diff.only_old {
        println!("- listener `{listener}`");
    }
    for listener in &diff.only_new {
        println!("+ listener `{listener}`");
    }
    for sentence in &diff.undecided {
        println!("undecided: {sentence}");
    }
}

fn rule(name: Option<&str>) -> String {
    name.map_or_else(
        || "by default".to_owned(),
        |name| format!("by rule `{name}`"),
    )
}

fn as_json(diff: &diff::Diff) -> Value {
    let changes: Vec<Value> = diff.changes.iter().map(change).collect();
    json!({
        "changes": changes,
        "only_old": diff.only_old,
        "only_new": diff.only_new,
        "undecided": diff.undecided,
    })
}

fn change(change: &Change) -> Value {
    json!({
        "listener": change.listener,
        "witness": {
            "method": change.witness.method,
            "host": change.witness.host,
            "path": change.witness.path,
        },
        "request": change.witness.to_string(),
        "old_rule": change.old_rule,
        "new_rule": change.new_rule,
        "from": change.from,
        "to": change.to,
        "is_odd": change.is_odd,
    })
}
