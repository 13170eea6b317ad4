//! `hokusai db check`.

use clap::Args;
use hokusai_store::audit;
use hokusai_store::statement::Schema;
use serde_json::json;

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
    let chain = holds(Schema::Auth)
        .then(|| snapshot.read(Schema::Auth, |tx| audit::verify(tx, None)))
        .transpose()?;
    // Reading artifacts takes long, and what a snapshot holds can't be cleaned up.
    drop(snapshot);
    if let Some(entry) = chain.as_ref().and_then(|chain| chain.first_break) {
        faults.push(format!(
            "auth: the audit log is not whole: entry {entry} was changed or is missing"
        ));
    }
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
            "audit_entries": chain.as_ref().map(|chain| chain.entries),
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
