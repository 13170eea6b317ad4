//! Reading again what changed on disk: the rule file and certificates, on SIGHUP and by looking every second.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::certificates;
use crate::control::ControlError;
use crate::hex;
use crate::shared::Shared;

/// What is known of the rule file.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    /// Of the bytes that were read last, whatever came of them.
    pub(crate) digest: String,
    /// Whether those were not enforced.
    pub(crate) is_refused: bool,
}

/// When a file was written, its size, and its content, which alone decides.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    path: PathBuf,
    stamp: Option<(SystemTime, u64)>,
    digest: String,
}

/// Follows the files until the shutdown.
pub(crate) async fn follow(shared: Arc<Shared>) {
    let mut shutdown = shared.shutdown.clone();
    let mut hangup = signal(SignalKind::hangup()).ok();
    let mut ticks = tokio::time::interval(LOOK_PERIOD);
    let mut rules: Option<Seen> = None;
    // What changed since the start was read is seen at the first look, which knows nothing.
    let mut certificates = Vec::new();
    loop {
        let is_asked = tokio::select! {
            () = shutdown.requested() => return,
            () = hung_up(&mut hangup) => true,
            _ = ticks.tick() => false,
        };
        rules = shared
            .routes_file
            .as_ref()
            .map(|path| look(path, rules.as_ref()));
        let known = shared.changing.lock().await.digest.clone();
        let is_changed = |rules: &Seen| !rules.digest.is_empty() && rules.digest != known;
        if shared.routes_file.is_some() && (is_asked || rules.as_ref().is_some_and(is_changed)) {
            tell(
                &shared,
                "the rule table",
                shared.reload(false, None).await.map(|_| ()),
            );
        }
        let certificates_now = look_all(&certificate_files(&shared), &certificates);
        if is_asked || changed(&certificates, &certificates_now) {
            tell(
                &shared,
                "the certificates",
                shared.reload_certificates().await,
            );
        }
        certificates = certificates_now;
    }
}

async fn hung_up(hangup: &mut Option<Signal>) {
    match hangup {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

fn tell(shared: &Shared, what: &str, result: Result<(), ControlError>) {
    if let Err(error) = result {
        shared
            .metrics
            .refused_reloads
            .fetch_add(1, Ordering::Relaxed);
        let hint = match &error {
            ControlError::Load(error) => error.hint(),
            _ => "",
        };
        tracing::error!(error = %error, hint, "{what} could not be taken into use; what runs stays: {error}");
    }
}

fn certificate_files(shared: &Shared) -> Vec<PathBuf> {
    let installed = shared.installed();
    let tables = installed.generations();
    let mut files: Vec<PathBuf> = tables
        .flat_map(|(_, table)| certificates::files(&table.loaded))
        .collect();
    files.sort();
    files.dedup();
    files
}

fn changed(before: &[Seen], now: &[Seen]) -> bool {
    let is_known = |seen: &Seen| {
        let mut known = before.iter();
        known.any(|one| one.path == seen.path && one.digest == seen.digest)
    };
    !now.iter().all(is_known)
}

fn look_all(paths: &[PathBuf], before: &[Seen]) -> Vec<Seen> {
    let known = |path: &PathBuf| before.iter().find(|one| one.path == *path);
    paths.iter().map(|path| look(path, known(path))).collect()
}

/// Reads a file only if its stamp is new or so young that it could have been written twice within it.
fn look(path: &Path, before: Option<&Seen>) -> Seen {
    let stamp = std::fs::metadata(path)
        .ok()
        .and_then(|meta| Some((meta.modified().ok()?, meta.len())));
    let is_old =
        stamp.is_some_and(|(written, _)| written.elapsed().is_ok_and(|age| age > 3 * LOOK_PERIOD));
    match before.filter(|before| before.stamp == stamp && is_old) {
        Some(before) => before.clone(),
        None => Seen {
            path: path.to_owned(),
            stamp,
            // A file that is gone for a moment, as in some ways of replacing one, is no change.
            digest: std::fs::read(path).map_or_else(
                |_| before.map_or(String::new(), |before| before.digest.clone()),
                |bytes| hex::sha256(&bytes),
            ),
        },
    }
}

/// What an operator takes for "at once".
const LOOK_PERIOD: Duration = Duration::from_secs(1);
