//! `hokusai keys rotate`.

use clap::Args;

use super::create::announce;
use super::door::Door;
use super::show::segment;
use super::table::print_json;
use crate::exit::Exit;

/// Which key, and how long the old one lives on.
#[derive(Args)]
pub(super) struct Rotate {
    /// Its id, as `hokusai keys list` prints it.
    id: String,
    /// Seconds for which the old key still works; 0 ends it at once.
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    overlap: u32,
}

/// Rotates.
pub(super) async fn run(door: &Door, rotate: &Rotate, json: bool) -> anyhow::Result<Exit> {
    let path = format!(
        "/api/v1/keys/{}/rotate?overlap={}",
        segment(&rotate.id)?,
        rotate.overlap
    );
    let made = door.ask("POST", &path, None).await?;
    if json {
        print_json(&made)?;
    } else {
        eprintln!(
            "key {} works for {} more seconds",
            rotate.id, rotate.overlap
        );
        announce(&made, "its successor is");
    }
    Ok(Exit::Fine)
}
