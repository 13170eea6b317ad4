//! The first key of a database's life: printed once on a terminal, or written to a new file that only its owner reads.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use hokusai_core::access::Scope;
use hokusai_core::clock::Clock;
use hokusai_core::key::{ApiKey, Environment, KeyRecord};
use hokusai_core::random::{Random, hex_id};
use hokusai_store::{Store, StoreError, keys};

use crate::exit::Failure;

/// Makes the admin key unless this database ever had a key.
pub(super) async fn first_key(
    store: &Store,
    clock: &dyn Clock,
    random: &dyn Random,
    file: Option<&Path>,
) -> anyhow::Result<()> {
    if store.read(|tx| keys::is_bootstrapped(tx)).await? {
        return Ok(());
    }
    let key = ApiKey::generate(Environment::Live, random);
    let record = admin(&key, hex_id(random), clock.now_ms());
    // The file comes first: a key that nobody can read must not use up the one bootstrap.
    match file {
        Some(path) => write_new(path, key.reveal()).with_context(|| {
            format!(
                "cannot create --bootstrap-key-file `{}`; it must not exist yet",
                path.display()
            )
        })?,
        None if !std::io::stdout().is_terminal() => {
            return Err(Failure::usage(
                "this database has no keys yet, and the first one is printed only on a terminal",
                "say --bootstrap-key-file FILE",
            ));
        }
        None => {}
    }
    let stored: Result<bool, StoreError> =
        store.write(move |tx| keys::bootstrap(tx, &record)).await;
    match (stored, file) {
        (Ok(true), None) => {
            println!(
                "First key (admin; shown this once):\n\n  {}\n",
                key.reveal()
            );
            Ok(())
        }
        (Ok(true), Some(path)) => {
            tracing::info!(file.path = %path.display(), "wrote the first key to `{}`", path.display());
            Ok(())
        }
        (refused, file) => {
            if let Some(path) = file {
                std::fs::remove_file(path)?;
            }
            refused.map(drop).map_err(Into::into)
        }
    }
}

fn admin(key: &ApiKey, id: String, now_ms: i64) -> KeyRecord {
    KeyRecord {
        id: id.clone(),
        hash: key.hash(),
        name: "bootstrap".to_owned(),
        prefix: key.shown(),
        owner: "admin".to_owned(),
        service_id: "platform".to_owned(),
        environment: Environment::Live,
        scopes: vec![Scope::Admin],
        allowed_ips: Vec::new(),
        rate_limit: None,
        created_at_ms: now_ms,
        expires_at_ms: None,
        revoked_at_ms: None,
        last_used_at_ms: None,
        rotated_to: None,
        chain_id: id,
        last_refusal: None,
    }
}

fn write_new(path: &Path, key: &str) -> std::io::Result<()> {
    // create_new follows no symlink and replaces nothing.
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{key}")?;
    file.sync_all()?;
    // The name too: a database that has had its first key makes no second one.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
