//! `hokusai audit verify`.

use clap::Args;
use serde_json::Value;

use crate::commands::keys::door::Door;
use crate::commands::keys::table::{print_json, text};
use crate::exit::{Exit, Failure};

/// What must still be there.
#[derive(Args)]
pub(super) struct Verify {
    /// A hash that the log, a list or an export once named: its entry must still be there.
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
}

/// Verifies: exit code 0 if the log is whole, 1 if it is not.
pub(super) async fn run(door: &Door, verify: &Verify, json: bool) -> anyhow::Result<Exit> {
    let mut path = "/api/v1/audit/verify".to_owned();
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
    let answer = door.ask("GET", &path, None).await?;
    let is_whole = answer.get("is_whole").and_then(Value::as_bool) == Some(true);
    if json {
        print_json(&answer)?;
    } else if is_whole {
        println!(
            "the audit log is whole: {} entries, head {}",
            text(&answer, "entries"),
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
