//! `hokusai db status`.

use hokusai_store::backup::{CopyError, Kind, Snapshot};
use hokusai_store::migrate;
use serde::Serialize;
use serde_json::json;

use crate::commands::keys::table::{print_json, print_rows};
use crate::config::Config;
use crate::exit::{Exit, Failure};

/// A database as it is.
#[derive(Serialize)]
struct Status {
    schema: &'static str,
    version: i64,
    /// What this release would make of it.
    known: i64,
    pending: Vec<&'static str>,
    bytes: u64,
}

/// Shows; ends with 1 if this release would change something, or does not know the database's version.
pub(super) fn run(config: &Config, json: bool) -> anyhow::Result<Exit> {
    let found = look(config)?;
    let is_current = found.iter().all(|status| status.version == status.known);
    if json {
        let kind = Kind::of(&config.storage.location).name();
        print_json(&json!({"database": kind, "schemas": found, "is_current": is_current}))?;
    } else {
        let mut rows = vec![
            ["DATABASE", "VERSION", "KNOWN", "BYTES", "PENDING"]
                .map(str::to_owned)
                .to_vec(),
        ];
        rows.extend(found.iter().map(row));
        print_rows(&rows);
    }
    Ok(if is_current {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

fn look(config: &Config) -> anyhow::Result<Vec<Status>> {
    let mut snapshot = begin(config)?;
    let schemas = snapshot.schemas().to_vec();
    schemas
        .into_iter()
        .map(|copied| {
            Ok(Status {
                schema: copied.schema.name(),
                version: copied.version,
                known: migrate::latest(copied.schema),
                pending: migrate::later_than(copied.schema, copied.version)
                    .map(|step| step.name)
                    .collect(),
                bytes: snapshot.size_bytes(copied.schema)?,
            })
        })
        .collect()
}

/// The databases as they are now.
pub(super) fn begin(config: &Config) -> anyhow::Result<Snapshot> {
    Snapshot::begin(&config.storage.location).map_err(|error| match error {
        CopyError::Absent => Failure {
            message: "no database is there yet".to_owned(),
            hint: Some(
                "`hokusai serve` makes it; --data-dir, --database-url or --config say where"
                    .to_owned(),
            ),
            exit: Exit::CouldNotRun,
        }
        .into(),
        other => other.into(),
    })
}

fn row(status: &Status) -> Vec<String> {
    let pending = if status.version > status.known {
        "made by a later release".to_owned()
    } else if status.pending.is_empty() {
        "-".to_owned()
    } else {
        status.pending.join(" ")
    };
    vec![
        status.schema.to_owned(),
        status.version.to_string(),
        status.known.to_string(),
        status.bytes.to_string(),
        pending,
    ]
}
