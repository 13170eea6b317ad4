//! `hokusai audit verify`.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::{AuditLog, segments};
use crate::commands::keys::table::{print_json, text};
use crate::exit::{Exit, Failure};

/// What must still be there.
#[derive(Args)]
pub(super) struct Verify {
    /// A hash that the log, a list or an export once named: its entry must still be there.
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
    /// A segment that was sealed; name all, oldest first: they must be whole and end where the log begins.
    #[arg(long = "segment", value_name = "FILE")]
    segments: Vec<PathBuf>,
}

/// Verifies: exit code 0 if the log is whole, 1 if it is not.
pub(super) async fn run(log: &AuditLog, verify: &Verify, json: bool) -> anyhow::Result<Exit> {
    let mut path = format!("{}/verify", log.base);
    if let Some(head) = &verify.head {
        if head.len() != 64 || !head.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Failure::usage(
                format!("`{head}` is not the hash of an entry"),
                "`hokusai audit list --json` shows hashes: 64 hexadecimal digits",
            ));
        }
        path.push_str("?head=");
        path.push_str(head);
    }
    let answer = log.door.ask("GET", &path, None).await?;
    let is_whole = answer.get("is_whole").and_then(Value::as_bool) == Some(true);
    if is_whole && !verify.segments.is_empty() {
        let sealed = answer.get("sealed").and_then(Value::as_i64).unwrap_or(0);
        return segments::run(log, &verify.segments, sealed, json).await;
    }
    if json {
        print_json(&answer)?;
    } else if is_whole {
        println!(
            "the audit log is whole: {} entries, {} of them sealed, head {}",
            text(&answer, "entries"),
            text(&answer, "sealed"),
            text(&answer, "head")
        );
    } else if answer.get("first_break").is_some_and(|at| !at.is_null()) {
        println!(
            "the audit log is NOT whole: entry {} was changed or is missing; {} entries before it hold together",
            text(&answer, "first_break"),
            text(&answer, "entries")
        );
    } else {
        println!(
            "the audit log is NOT whole: no entry has the hash that was asked for, so the end was cut off and written anew"
        );
    }
    Ok(if is_whole { Exit::Fine } else { Exit::Findings })
}
