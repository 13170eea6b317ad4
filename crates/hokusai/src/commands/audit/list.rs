//! `hokusai audit list`.

use clap::Args;
use serde_json::Value;

use super::AuditLog;
use crate::commands::keys::table::{print_json, print_rows, text};
use crate::exit::Exit;

/// Which page.
#[derive(Args)]
pub(super) struct List {
    /// The number of the last entry of the page before.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    after: i64,
    /// How many, 1 to 1000.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// Lists a page.
pub(super) async fn run(log: &AuditLog, list: &List, json: bool) -> anyhow::Result<Exit> {
    let entries = log.page(list.after, list.limit).await?;
    if json {
        print_json(&Value::Array(entries))?;
        return Ok(Exit::Fine);
    }
    let columns = [
        ("NUMBER", "seq"),
        ("AT", "at"),
        ("ACTOR", "actor"),
        ("ACTION", "action"),
        ("TARGET", "target"),
        ("FROM", "client_ip"),
    ];
    let mut rows = vec![columns.map(|(title, _)| title.to_owned()).to_vec()];
    rows.extend(
        entries
            .iter()
            .map(|entry| columns.map(|(_, field)| text(entry, field)).to_vec()),
    );
    print_rows(&rows);
    Ok(Exit::Fine)
}
