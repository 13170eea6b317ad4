//! Sealed segments: whether the files still hold what the log says that they held.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hokusai_store::audit::{self, Entry};
use serde::Deserialize;
use serde_json::json;

use super::AuditLog;
use crate::commands::digest::Running;
use crate::commands::keys::table::print_json;
use crate::exit::Exit;

/// A line of an export.
#[derive(Deserialize)]
struct Line {
    seq: i64,
    at_ms: i64,
    actor: String,
    action: String,
    target: String,
    client_ip: Option<String>,
    hash: String,
}

/// Walks along the files; they must lead to the entry from which the log goes on, `sealed`.
pub(super) async fn run(
    log: &AuditLog,
    files: &[PathBuf],
    sealed: i64,
    json: bool,
) -> anyhow::Result<Exit> {
    let (mut last, mut hash) = (0, Vec::new());
    let mut fault = None;
    for file in files {
        fault = walk(file, &mut last, &mut hash)?;
        if fault.is_some() {
            break;
        }
    }
    if fault.is_none() && last != sealed {
        fault = Some(format!(
            "the segments end with entry {last}, the log has sealed up to {sealed}: name all, oldest first"
        ));
    }
    if fault.is_none() {
        let path = format!("{}/verify?head={}", log.base, audit::hex(&hash));
        let answer = log.door.ask("GET", &path, None).await?;
        if answer.get("found").and_then(serde_json::Value::as_i64) != Some(sealed) {
            fault = Some("the log goes on from another hash than that of the segments".to_owned());
        }
    }
    if json {
        print_json(
            &json!({"is_whole": fault.is_none(), "sealed": last, "head": audit::hex(&hash), "fault": fault}),
        )?;
    } else {
        match &fault {
            None => println!("the audit log and its {last} sealed entries are whole"),
            Some(fault) => println!("the audit log is NOT whole: {fault}"),
        }
    }
    Ok(if fault.is_none() {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

/// Goes on from entry `last` with its `hash`; what is wrong, if something is.
fn walk(path: &Path, last: &mut i64, hash: &mut Vec<u8>) -> anyhow::Result<Option<String>> {
    let name = path.display();
    let file = File::open(path).with_context(|| format!("cannot read `{name}`"))?;
    for line in BufReader::new(file).lines() {
        let line = line.with_context(|| format!("cannot read `{name}`"))?;
        let Ok(line) = serde_json::from_str::<Line>(&line) else {
            return Ok(Some(format!(
                "`{name}`: what follows entry {last} is no entry"
            )));
        };
        let entry = Entry {
            at_ms: line.at_ms,
            actor: line.actor,
            action: line.action,
            target: line.target,
            client_ip: line.client_ip,
        };
        let chained = audit::chained(hash, &entry);
        if line.seq != *last + 1 || line.hash != audit::hex(&chained) {
            return Ok(Some(format!(
                "`{name}`: entry {} was changed, or one before it is missing",
                line.seq
            )));
        }
        *last = line.seq;
        *hash = chained;
    }
    Ok(None)
}

/// SHA-256 of a file, in hexadecimal.
pub(super) fn digest(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut buffer) = (Running::default(), vec![0; 1 << 16]);
    loop {
        let count = file.read(&mut buffer)?;
        match buffer.get(..count) {
            Some(chunk) if count > 0 => hash.add(chunk),
            _ => return Ok(hash.finish()),
        }
    }
}
