//! `hokusai keys list`.

use super::door::Door;
use super::table::{print_json, print_rows, text};
use crate::exit::Exit;

/// Lists keys, oldest first.
pub(super) async fn run(door: &Door, json: bool) -> anyhow::Result<Exit> {
    let keys = door.ask("GET", "/api/v1/keys", None).await?;
    if json {
        print_json(&keys)?;
        return Ok(Exit::Fine);
    }
    let columns = [
        ("ID", "key_id"),
        ("NAME", "name"),
        ("KEY", "key_prefix"),
        ("USER", "user_id"),
        ("ACTIVE", "is_active"),
        ("SCOPES", "scopes"),
        ("EXPIRES", "expires_at"),
        ("LAST USED", "last_used_at"),
    ];
    let mut rows = vec![columns.map(|(title, _)| title.to_owned()).to_vec()];
    for key in keys.as_array().into_iter().flatten() {
        rows.push(columns.map(|(_, field)| text(key, field)).to_vec());
    }
    print_rows(&rows);
    Ok(Exit::Fine)
}
