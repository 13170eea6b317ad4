//! `hokusai keys revoke`.

use clap::Args;

use super::door::Door;
use super::show::segment;
use super::table::print_json;
use crate::exit::Exit;

/// Which key.
#[derive(Args)]
pub(super) struct Revoke {
    /// Its id, as `hokusai keys list` prints it.
    id: String,
}

/// Revokes.
pub(super) async fn run(door: &Door, revoke: &Revoke, json: bool) -> anyhow::Result<Exit> {
    let path = format!("/api/v1/keys/{}", segment(&revoke.id)?);
    let answer = door.ask("DELETE", &path, None).await?;
    if json {
        print_json(&answer)?;
    } else {
        println!(
            "revoked key {} with its predecessor and successors; other replicas follow within a second",
            revoke.id
        );
    }
    Ok(Exit::Fine)
}
