//! `hokusai restore`: a backup back into an empty place, all of it or nothing.
//!
//! Everything is read, compared with the manifest and written beside its place first. Only then do the artifacts move in, and the
//! databases after them: without a database nothing is served.

mod artifacts;
mod source;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use hokusai_artifacts::ArtifactsLocation;
use hokusai_core::clock::Clock as _;
use hokusai_store::audit::{self, Chain};
use hokusai_store::backup::{Copied, CopyError, Kind, RESTORING, Restoration};
use hokusai_store::statement::Schema;
use hokusai_store::{OpenError, StoreError, artifact_digests, keys, migrate};
use serde_json::{Value, json};

use self::artifacts::StagedArtifacts;
use self::source::Source;
use super::backup::manifest::Manifest;
use super::backup::progress;
use super::keys::table::print_json;
use crate::config::{Config, Settings};
use crate::exit::{Exit, Failure};
use crate::system::SystemClock;

/// Puts a backup back into an empty place.
#[derive(Args)]
pub(crate) struct Restore {
    /// The directory that `hokusai backup` made.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Prints what was restored as JSON.
    #[arg(long)]
    json: bool,
}

/// Restores to where the settings point; ends with 1 if the databases or the audit log were damaged when they were copied.
pub(crate) fn run(restore: &Restore, settings: &Settings) -> anyhow::Result<Exit> {
    let config = settings.check()?;
    let source = Source::open(&restore.directory)?;
    let manifest = &source.manifest;
    let schemas = schemas(manifest, &config)?;
    let bar = progress::bar(restore.json)?;
    bar.inc_length(manifest.size_bytes());
    let mut databases =
        Restoration::begin(&config.storage.location, &schemas).map_err(explained)?;
    let holds = |schema| schemas.iter().any(|copied| copied.schema == schema);
    let artifacts = holds(Schema::Registry)
        .then(|| StagedArtifacts::begin(&config.storage.artifacts))
        .transpose()?;
    bar.set_message("databases");
    databases
        .load(&mut |name| source.database(name, &bar))
        .map_err(explained)?;
    if let Some(artifacts) = &artifacts {
        bar.set_message("artifacts");
        artifacts.fill(&source, &bar)?;
        databases.write(Schema::Registry, |tx| mend(tx, manifest))?;
    }
    let chains = record(&mut databases, &schemas, &source.sha256)?;
    let faults = databases.faults()?;
    bar.finish_and_clear();
    // From here on only renames: the artifacts first, since nothing serves them without a database.
    let in_place = artifacts
        .map(StagedArtifacts::move_into_place)
        .transpose()?;
    databases.finish()?;
    if let Some(in_place) = in_place {
        in_place.keep()?;
    }
    report(restore, &source, &chains, &faults)
}

/// Refuses what this release or this place cannot take.
fn schemas(manifest: &Manifest, config: &Config) -> anyhow::Result<Vec<Copied>> {
    let kind = Kind::of(&config.storage.location).name();
    if manifest.database != kind {
        return Err(Failure::usage(
            format!(
                "this is a backup of {}, and the settings name {kind}",
                manifest.database
            ),
            "a backup goes back to the kind of database that it was made of",
        ));
    }
    [Schema::Auth, Schema::Registry]
        .into_iter()
        .filter_map(|schema| Some((schema, *manifest.schemas.get(schema.name())?)))
        .map(|(schema, version)| {
            let known = migrate::latest(schema);
            if version > known {
                return Err(Failure::usage(
                    format!(
                        "the {} database of this backup is at version {version}, this release knows {known}",
                        schema.name()
                    ),
                    format!("restore with release {} or a later one", manifest.release),
                ));
            }
            Ok(Copied { schema, version })
        })
        .collect()
}

/// The audit log of each schema as it was copied. The restore is recorded after that, and the epoch of keys leaps.
fn record(
    databases: &mut Restoration,
    schemas: &[Copied],
    backup: &str,
) -> Result<Vec<(Schema, Chain)>, CopyError> {
    let now_ms = SystemClock::start().now_ms();
    let mut chains = Vec::new();
    for copied in schemas {
        let log = copied.schema;
        if copied.version >= audit::since(log) {
            let chain = databases.write(log, |tx| audit::verify(tx, log, None))?;
            databases.write(log, |tx| audit::record_restore(tx, log, backup, now_ms))?;
            chains.push((log, chain));
        }
        if log == Schema::Auth {
            databases.write(log, |tx| keys::leap(tx))?;
        }
    }
    Ok(chains)
}

/// What happened to artifacts after the moment of the databases is done to them too: each names only what is in the backup.
fn mend(tx: &mut dyn hokusai_store::Tx, manifest: &Manifest) -> Result<(), StoreError> {
    let damaged = |what: &str| StoreError::Damaged {
        what: "manifest",
        reason: format!("`{what}` is no path of an artifact"),
    };
    for owner in &manifest.deleted_versions {
        artifact_digests::delete_owner(tx, *owner)?;
    }
    for path in &manifest.gone {
        artifact_digests::delete(tx, &path.parse().map_err(|_| damaged(path))?)?;
    }
    let changed: BTreeSet<&str> = manifest.changed.iter().map(String::as_str).collect();
    for (path, file) in manifest.artifacts() {
        if changed.contains(path) {
            let path = path.parse().map_err(|_| damaged(path))?;
            artifact_digests::put(tx, &path, file.size_bytes, &file.sha256)?;
        }
    }
    Ok(())
}

fn report(
    restore: &Restore,
    source: &Source,
    chains: &[(Schema, Chain)],
    faults: &[String],
) -> anyhow::Result<Exit> {
    let manifest = &source.manifest;
    let is_whole = chains.iter().all(|(_, chain)| chain.first_break.is_none());
    let exit = if is_whole && faults.is_empty() && manifest.damaged.is_empty() {
        Exit::Fine
    } else {
        Exit::Findings
    };
    if restore.json {
        print_json(&json!({
            "taken_at": manifest.taken_at,
            "database": manifest.database,
            "files": manifest.files.len(),
            "bytes": manifest.size_bytes(),
            "manifest_sha256": source.sha256,
            "audit": audit_json(chains),
            "faults": faults,
            "damaged": manifest.damaged,
        }))?;
        return Ok(exit);
    }
    println!(
        "restored {} files, {} bytes, as they were at {}; every checksum is right",
        manifest.files.len(),
        manifest.size_bytes(),
        manifest.taken_at
    );
    for (log, chain) in chains {
        let (log, entries) = (log.name(), chain.entries);
        match chain.first_break {
            None => println!("the {log} audit log is whole: {entries} entries"),
            Some(entry) => {
                println!("the {log} audit log was NOT whole when it was copied: entry {entry}");
            }
        }
    }
    println!(
        "keys revoked after that moment are valid again, keys made after it are gone: `hokusai keys list` shows what is"
    );
    for fault in faults {
        println!("DAMAGED when it was copied: {fault}");
    }
    for damage in &manifest.damaged {
        println!(
            "DAMAGED when it was copied: `{}`: {}",
            damage.path, damage.reason
        );
    }
    Ok(exit)
}

fn audit_json(chains: &[(Schema, Chain)]) -> Value {
    let chains = chains.iter().map(|(log, chain)| {
        let said = json!({
            "entries": chain.entries,
            "head": chain.head,
            "is_whole": chain.first_break.is_none(),
        });
        (log.name().to_owned(), said)
    });
    Value::Object(chains.collect())
}

/// Whoever restores wants to know what to do about a place that is taken.
fn explained(error: CopyError) -> anyhow::Error {
    let hint = match &error {
        CopyError::NotEmpty { .. } => {
            "name an empty --data-dir or database; what is there is not touched"
        }
        CopyError::Open(OpenError::InUse { .. } | OpenError::InUseElsewhere { .. }) => {
            "a backup is restored into an empty place, not below a server"
        }
        CopyError::File { .. } => "nothing was restored; `sha256sum` shows what is damaged",
        _ => return error.into(),
    };
    Failure {
        message: error.to_string(),
        hint: Some(hint.to_owned()),
        exit: Exit::CouldNotRun,
    }
    .into()
}

/// Refuses to serve artifacts of a restore that was broken off.
pub(super) fn refuse_unfinished(location: &ArtifactsLocation) -> anyhow::Result<()> {
    match location {
        ArtifactsLocation::Directory(path) if path.join(RESTORING).exists() => {
            Err(unfinished(location)).context("the artifact store cannot be used")
        }
        // Its note is read once it is open.
        ArtifactsLocation::Directory(_) | ArtifactsLocation::Bucket(_) => Ok(()),
    }
}

/// A restore has begun there and not ended.
pub(super) fn unfinished(location: &ArtifactsLocation) -> anyhow::Error {
    Failure {
        message: format!("a restore into `{location}` is under way or was broken off"),
        hint: Some(
            match location {
                ArtifactsLocation::Directory(_) => {
                    "wait for it, or empty the directory and restore again"
                }
                ArtifactsLocation::Bucket(_) => {
                    "wait for it, or delete what is below that prefix and restore again"
                }
            }
            .to_owned(),
        ),
        exit: Exit::CouldNotRun,
    }
    .into()
}
