//! `hokusai backup`: databases and artifacts, copied while servers run.
//!
//! The databases are copied first; then every file that they name. A file that a model version names must be there as it was
//! recorded, unless the version was deleted since; another file may have been replaced or deleted. The manifest says which, so that
//! a restore makes the databases fit. It is written last: a directory without one is no backup.

mod artifacts;
mod databases;
mod folder;
pub(super) mod manifest;
pub(super) mod progress;

use std::path::PathBuf;

use clap::Args;
use hokusai_core::clock::Clock as _;
use hokusai_store::backup::Kind;
use hokusai_store::statement::Schema;
use serde_json::json;

use self::artifacts::Collected;
use self::databases::Databases;
use self::folder::Folder;
use self::manifest::Manifest;
use super::keys::table::print_json;
use crate::config::{Config, Settings};
use crate::exit::Exit;
use crate::system::SystemClock;

/// Copies databases and artifacts while servers run.
#[derive(Args)]
pub(crate) struct Backup {
    /// A directory that does not exist yet, or is empty.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Prints what was copied as JSON.
    #[arg(long)]
    json: bool,
}

/// Makes the backup; ends with 1 if a model version's files are not what was recorded of them.
pub(crate) fn run(backup: &Backup, settings: &Settings) -> anyhow::Result<Exit> {
    let config = settings.check()?;
    let mut folder = Folder::make(&backup.directory)?;
    let manifest = collect(&config, &folder, backup.json)?;
    let sha256 = folder.keep(&manifest)?;
    report(backup, &manifest, &sha256)?;
    Ok(if manifest.damaged.is_empty() {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

fn collect(config: &Config, folder: &Folder, is_quiet: bool) -> anyhow::Result<Manifest> {
    let bar = progress::bar(is_quiet)?;
    let taken_at_ms = SystemClock::start().now_ms();
    let databases = Databases::copy(&config.storage.location, folder, &bar)?;
    let collected = if databases.versions.contains_key(Schema::Registry.name()) {
        artifacts::copy(config, &databases, folder, &bar)?
    } else {
        Collected::default()
    };
    bar.finish_and_clear();
    let kind = Kind::of(&config.storage.location);
    Ok(Manifest::new(taken_at_ms, kind, databases, collected))
}

fn report(backup: &Backup, manifest: &Manifest, sha256: &str) -> anyhow::Result<()> {
    let (files, bytes) = (manifest.files.len(), manifest.size_bytes());
    if backup.json {
        return print_json(&json!({
            "directory": backup.directory,
            "taken_at": manifest.taken_at,
            "database": manifest.database,
            "schemas": manifest.schemas,
            "files": files,
            "bytes": bytes,
            "manifest_sha256": sha256,
            "changed_meanwhile": manifest.changed.len(),
            "gone_meanwhile": manifest.gone.len(),
            "versions_deleted_meanwhile": manifest.deleted_versions.len(),
            "damaged": manifest.damaged,
        }));
    }
    println!(
        "copied {files} files, {bytes} bytes, as they were at {}, to {}",
        manifest.taken_at,
        backup.directory.display()
    );
    let (changed, gone) = (manifest.changed.len(), manifest.gone.len());
    if changed + gone > 0 {
        println!(
            "while it ran, {changed} files were replaced and {gone} deleted, which a restore respects"
        );
    }
    for damage in &manifest.damaged {
        println!("DAMAGED `{}`: {}", damage.path, damage.reason);
    }
    println!("manifest {sha256}");
    Ok(())
}
