//! `hokusai db upgrade`.

use hokusai_store::migrate;
use hokusai_store::{Store, StoreOptions};
use serde_json::json;

use super::status;
use crate::commands::keys::table::print_json;
use crate::config::Config;
use crate::exit::Exit;

/// Applies what is pending. With PostgreSQL servers of the release before may go on meanwhile; an embedded database is its server's.
pub(super) fn run(config: &Config, json: bool) -> anyhow::Result<Exit> {
    let schemas = status::begin(config)?.schemas().to_vec();
    let mut applied = Vec::new();
    for copied in schemas {
        let mut options = StoreOptions::new(config.storage.location.clone(), copied.schema);
        options.connections = 1;
        // Opening is upgrading.
        Store::open(&options)?.close();
        let steps = migrate::later_than(copied.schema, copied.version);
        applied.extend(steps.map(|step| (copied.schema.name(), step.name)));
    }
    if json {
        let steps: Vec<_> = applied
            .iter()
            .map(|(schema, name)| json!({"schema": schema, "migration": name}))
            .collect();
        print_json(&json!({"applied": steps}))?;
    } else if applied.is_empty() {
        println!("nothing was pending");
    }
    for (schema, name) in applied.iter().filter(|_| !json) {
        println!("applied {schema} {name}");
    }
    Ok(Exit::Fine)
}
