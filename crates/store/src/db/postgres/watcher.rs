//! The connection that holds a store's place: it says that a process uses the database, and hears what others change.
//!
//! The place is a shared advisory lock, so that a recovery command, which takes it alone, is refused while anybody serves (security
//! 6). What it hears is only a hint: whoever acts on changes asks for the epoch from time to time as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use postgres::Client;
use postgres::fallible_iterator::FallibleIterator as _;
use tokio::sync::watch;

use super::session::{Target, told};
use crate::OpenError;

/// What a watcher tells and is told.
#[derive(Clone)]
pub(crate) struct Watch {
    /// Moves when another connection changed something that this one should know.
    pub(crate) changes: watch::Sender<u64>,
    /// Ends the thread.
    pub(crate) stop: Arc<AtomicBool>,
}

/// Takes the place and starts the thread. Blocks until the place is taken.
pub(super) fn start(
    target: Target,
    is_alone: bool,
    watch: Watch,
) -> Result<JoinHandle<()>, OpenError> {
    let (taken, answer) = mpsc::channel();
    let thread = std::thread::Builder::new()
        .name("pg-watch".to_owned())
        .spawn(move || match take(&target, is_alone) {
            Ok(client) => {
                // Nobody waits any more if the opening thread is gone.
                let _ = taken.send(Ok(()));
                serve(&target, is_alone, client, &watch);
            }
            Err(error) => {
                let _ = taken.send(Err(error));
            }
        })
        .map_err(|error| OpenError::Connect {
            reason: error.to_string(),
        })?;
    let ended = || OpenError::Connect {
        reason: "the watching thread ended unexpectedly".to_owned(),
    };
    answer.recv().unwrap_or_else(|_| Err(ended()))?;
    Ok(thread)
}

/// A connection that holds the place and listens.
fn take(target: &Target, is_alone: bool) -> Result<Client, OpenError> {
    let away = |error: postgres::Error| OpenError::Connect {
        reason: told(&error),
    };
    let mut client = target.connect().map_err(away)?;
    take_place(&mut client, &target.schema, is_alone)?;
    client
        .batch_execute(&format!("LISTEN \"{}.changed\"", target.schema))
        .map_err(away)?;
    Ok(client)
}

/// Takes the place, which is held until the connection ends.
pub(super) fn take_place(
    client: &mut Client,
    schema: &str,
    is_alone: bool,
) -> Result<(), OpenError> {
    let lock = if is_alone { ALONE } else { SHARED };
    // The place of a process that just ended is free when the server has noticed.
    let mut attempts = 0..ATTEMPTS;
    while !client
        .query_one(lock, &[&schema])
        .and_then(|row| row.try_get::<_, bool>(0))
        .map_err(|error| OpenError::Connect {
            reason: told(&error),
        })?
    {
        if attempts.next().is_none() {
            return Err(OpenError::InUseElsewhere { is_alone });
        }
        std::thread::sleep(PATIENCE);
    }
    Ok(())
}

fn serve(target: &Target, is_alone: bool, client: Client, watch: &Watch) {
    let mut client = Some(client);
    while !watch.stop.load(Ordering::Relaxed) {
        match client.as_mut().map(hear) {
            Some(Ok(false)) => {}
            Some(Ok(true)) => watch.changes.send_modify(|count| *count += 1),
            Some(Err(error)) => {
                tracing::warn!(error = %told(&error), "the connection that hears other replicas was lost");
                client = None;
            }
            None => {
                std::thread::sleep(RECONNECT);
                client = take(target, is_alone).ok();
                if client.is_some() {
                    // Whatever was said meanwhile was not heard.
                    watch.changes.send_modify(|count| *count += 1);
                }
            }
        }
    }
}

/// Waits for a moment; whether something was said.
fn hear(client: &mut Client) -> Result<bool, postgres::Error> {
    let mut notifications = client.notifications();
    let mut heard = notifications.timeout_iter(PATIENCE).next()?.is_some();
    while notifications.iter().next()?.is_some() {
        heard = true;
    }
    drop(notifications);
    if client.is_closed() {
        client.simple_query("")?;
    }
    Ok(heard)
}

const SHARED: &str = "SELECT pg_try_advisory_lock_shared(hashtext('hokusai serves'), hashtext($1))";
const ALONE: &str = "SELECT pg_try_advisory_lock(hashtext('hokusai serves'), hashtext($1))";

/// How long a stop may have to wait for this thread.
const PATIENCE: Duration = Duration::from_millis(200);
/// A second in all.
const ATTEMPTS: u32 = 5;
const RECONNECT: Duration = Duration::from_millis(250);
