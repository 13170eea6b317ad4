//! `hokusai audit export`.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use clap::Args;

use super::page;
use crate::commands::keys::door::Door;
use crate::exit::{Exit, Failure};

/// Where to.
#[derive(Args)]
pub(super) struct Export {
    /// A file that does not exist yet; standard output if nothing is said.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Exports everything, a line of JSON per entry; each line holds the hash over all before it.
pub(super) async fn run(door: &Door, export: &Export) -> anyhow::Result<Exit> {
    let Some(path) = &export.file else {
        let mut out = BufWriter::new(std::io::stdout().lock());
        write_all(door, &mut out).await?;
        out.flush()?;
        return Ok(Exit::Fine);
    };
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| {
            Failure::usage(
                format!("cannot make `{}`: {error}", path.display()),
                "name a file that does not exist yet",
            )
        })?;
    let mut out = BufWriter::new(file);
    let count = write_all(door, &mut out).await?;
    out.flush()?;
    out.get_ref().sync_all()?;
    eprintln!("wrote {count} entries to {}", path.display());
    Ok(Exit::Fine)
}

async fn write_all(door: &Door, out: &mut impl Write) -> anyhow::Result<u64> {
    let (mut after, mut count) = (0, 0);
    loop {
        let entries = page(door, after, PAGE).await?;
        for entry in &entries {
            serde_json::to_writer(&mut *out, entry)?;
            writeln!(out)?;
            count += 1;
        }
        let last = entries.last().and_then(|entry| entry.get("seq")?.as_i64());
        match last.filter(|last| *last > after) {
            Some(last) => after = last,
            None => return Ok(count),
        }
    }
}

const PAGE: u32 = 1000;
