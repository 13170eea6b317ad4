//! `hokusai audit seal`.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use hokusai_core::clock::Clock as _;
use serde_json::{Value, json};

use super::AuditLog;
use super::export::{new_file, write_all};
use crate::commands::keys::table::{print_json, text};
use crate::exit::{Exit, Failure};
use crate::system::SystemClock;

/// What, and where to.
#[derive(Args)]
pub(super) struct Seal {
    /// A file that does not exist yet.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How many days of entries stay in the database; the service keeps 30 in any case.
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(i64).range(30..=36_500))]
    keep_days: i64,
}

/// Exports what is old, and asks the service to let go of exactly that. A file without its seal harms nothing: the entries are still there.
pub(super) async fn run(log: &AuditLog, seal: &Seal, json: bool) -> anyhow::Result<Exit> {
    let before_ms = SystemClock::start().now_ms() - seal.keep_days * DAY_MS;
    let is_old = |entry: &Value| {
        entry
            .get("at_ms")
            .and_then(Value::as_i64)
            .is_some_and(|at_ms| at_ms < before_ms)
    };
    if !log.page(0, 1).await?.iter().all(is_old) {
        eprintln!("no entry is older than {} days", seal.keep_days);
        return Ok(Exit::Fine);
    }
    let mut out = BufWriter::new(new_file(&seal.file)?);
    let written = write_all(log, &mut out, is_old).await?;
    out.flush()?;
    out.get_ref().sync_all()?;
    sync_name(&seal.file)?;
    let last = written.last.context("the log has no entries")?;
    let sha256 = super::segments::digest(&seal.file)?;
    let asked = json!({
        "through": last.get("seq"),
        "head": last.get("hash"),
        "file_sha256": sha256,
    });
    let path = format!("{}/seal", log.base);
    log.door
        .ask("POST", &path, Some(&asked))
        .await
        .map_err(|error| {
            error.context(Failure {
                message: format!(
                    "nothing was sealed; `{}` is only an export",
                    seal.file.display()
                ),
                hint: None,
                exit: Exit::CouldNotRun,
            })
        })?;
    if json {
        print_json(&json!({
            "entries": written.count,
            "through": last.get("seq"),
            "head": last.get("hash"),
            "file_sha256": sha256,
        }))?;
    } else {
        println!(
            "sealed {} entries up to number {}: {}, SHA-256 {sha256}, head {}",
            written.count,
            text(&last, "seq"),
            seal.file.display(),
            text(&last, "hash")
        );
    }
    Ok(Exit::Fine)
}

/// The name too: what is in the file is about to be nowhere else.
fn sync_name(path: &std::path::Path) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(std::path::Path::new(".")))?.sync_all()
}

const DAY_MS: i64 = 86_400_000;
