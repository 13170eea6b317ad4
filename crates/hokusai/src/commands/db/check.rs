//! `hokusai db check`.

use clap::Args;
use hokusai_store::audit;
use hokusai_store::statement::Schema;
use serde_json::{Map, json};

use super::{artifacts, status};
use crate::commands::keys::table::print_json;
use crate::config::Config;
use crate::exit::Exit;

/// How thoroughly.
#[derive(Args)]
pub(super) struct Check {
    /// Reads every artifact too and compares it with what is recorded of it.
    #[arg(long)]
    artifacts: bool,
}

/// Checks; ends with 1 if something is wrong.
pub(super) fn run(check: &Check, config: &Config, json: bool) -> anyhow::Result<Exit> {
    let mut snapshot = status::begin(config)?;
    let schemas = snapshot.schemas().to_vec();
    let holds = |schema| schemas.iter().any(|copied| copied.schema == schema);
    let mut faults = snapshot.faults()?;
    let mut entries = Map::new();
    for copied in &schemas {
        let log = copied.schema;
        if copied.version < audit::since(log) {
            continue;
        }
        let chain = match snapshot.read(log, |tx| audit::verify(tx, log, None)) {
            // What was found already says why.
            Err(error) if !faults.is_empty() => {
                faults.push(format!("{}: the audit log: {error}", log.name()));
                continue;
            }
            read => read?,
        };
        entries.insert(log.name().to_owned(), chain.entries.into());
        faults.extend(chain.first_break.map(|entry| {
            format!(
                "{}: the audit log is not whole: entry {entry} was changed or is missing",
                log.name()
            )
        }));
    }
    // Reading artifacts takes long, and what a snapshot holds can't be cleaned up.
    drop(snapshot);
    let read = (check.artifacts && holds(Schema::Registry))
        .then(|| artifacts::check(config, json))
        .transpose()?;
    if let Some(read) = &read {
        faults.extend(read.faults.iter().cloned());
    }
    if json {
        print_json(&json!({
            "is_whole": faults.is_empty(),
            "faults": faults,
            "audit_entries": entries,
            "artifacts": read.as_ref().map(|read| json!({
                "checked": read.checked,
                "bytes": read.bytes,
                "unnamed": read.unnamed,
            })),
        }))?;
    } else {
        print(&faults, read.as_ref());
    }
    Ok(if faults.is_empty() {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

fn print(faults: &[String], read: Option<&artifacts::Read>) {
    for fault in faults {
        println!("WRONG {fault}");
    }
    if let Some(read) = read {
        println!("read {} artifacts, {} bytes", read.checked, read.bytes);
        for path in &read.unnamed {
            println!(
                "note  no row names the artifact `{path}`: an upload that was never acknowledged, or put there by hand"
            );
        }
    }
    if faults.is_empty() {
        println!("nothing is wrong");
    }
}
