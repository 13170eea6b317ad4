//! `hokusai keys show`.

use clap::Args;

use super::door::Door;
use super::table::{print_json, print_rows, text};
use crate::exit::Exit;

/// Which key.
#[derive(Args)]
pub(super) struct Show {
    /// Its id, as `hokusai keys list` prints it.
    id: String,
}

/// Shows one key.
pub(super) async fn run(door: &Door, show: &Show, json: bool) -> anyhow::Result<Exit> {
    let key = door
        .ask("GET", &format!("/api/v1/keys/{}", segment(&show.id)?), None)
        .await?;
    if json {
        print_json(&key)?;
        return Ok(Exit::Fine);
    }
    let rows: Vec<Vec<String>> = FIELDS
        .iter()
        .map(|(title, field)| vec![(*title).to_owned(), text(&key, field)])
        .collect();
    print_rows(&rows);
    Ok(Exit::Fine)
}

/// An id as it may stand in a path: what we make is letters, digits, `-` and `_`.
pub(super) fn segment(id: &str) -> anyhow::Result<&str> {
    if !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !id.starts_with("hk_")
    {
        return Ok(id);
    }
    Err(crate::exit::Failure::usage(
        "a key's id is asked for here, not the key itself",
        "`hokusai keys list` prints the ids; if that was a key, rotate it: it stands in your shell's history now",
    ))
}

const FIELDS: [(&str, &str); 15] = [
    ("id", "key_id"),
    ("name", "name"),
    ("key", "key_prefix"),
    ("user", "user_id"),
    ("service", "service_id"),
    ("environment", "environment"),
    ("active", "is_active"),
    ("scopes", "scopes"),
    ("allowed addresses", "allowed_ips"),
    ("requests per hour", "rate_limit_per_hour"),
    ("created", "created_at"),
    ("expires", "expires_at"),
    ("revoked", "revoked_at"),
    ("last used", "last_used_at"),
    ("last refusal", "last_refusal"),
];
