//! `hokusai audit export`.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::AuditLog;
use crate::exit::{Exit, Failure};

/// Where to.
#[derive(Args)]
pub(super) struct Export {
    /// A file that does not exist yet; standard output if nothing is said.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Exports everything, a line of JSON per entry; each line holds the hash over all before it.
pub(super) async fn run(log: &AuditLog, export: &Export) -> anyhow::Result<Exit> {
    let Some(path) = &export.file else {
        let mut out = BufWriter::new(std::io::stdout().lock());
        write_all(log, &mut out, |_| true).await?;
        out.flush()?;
        return Ok(Exit::Fine);
    };
    let mut out = BufWriter::new(new_file(path)?);
    let written = write_all(log, &mut out, |_| true).await?;
    out.flush()?;
    out.get_ref().sync_all()?;
    eprintln!("wrote {} entries to {}", written.count, path.display());
    Ok(Exit::Fine)
}

/// A file that only its owner reads, where none was.
pub(super) fn new_file(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| {
            Failure::usage(
                format!("cannot make `{}`: {error}", path.display()),
                "name a file that does not exist yet",
            )
        })
}

/// What was written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) count: u64,
    /// The last entry.
    pub(super) last: Option<Value>,
}

/// Writes entries from the first on, as long as they are wanted.
pub(super) async fn write_all(
    log: &AuditLog,
    out: &mut impl Write,
    is_wanted: impl Fn(&Value) -> bool,
) -> anyhow::Result<Written> {
    let (mut after, mut written) = (0, Written::default());
    loop {
        let entries = log.page(after, PAGE).await?;
        for entry in &entries {
            if !is_wanted(entry) {
                return Ok(written);
            }
            serde_json::to_writer(&mut *out, entry)?;
            writeln!(out)?;
            written.count += 1;
            written.last = Some(entry.clone());
        }
        let last = entries.last().and_then(|entry| entry.get("seq")?.as_i64());
        match last.filter(|last| *last > after) {
            Some(last) => after = last,
            None => return Ok(written),
        }
    }
}

/// The most that a page may have.
pub(super) const PAGE: u32 = 1000;
