//! The asynchronous door: closures go to the storage threads, answers come back.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{oneshot, watch};

use crate::db::postgres::watcher::Watch;
use crate::db::postgres::{self, PostgresLocation};
use crate::db::queue::{Job, Queue, Ran};
use crate::db::sqlite;
use crate::migrate::MigrationError;
use crate::statement::Schema;
use crate::{StoreError, Tx};

/// Where a store keeps its data.
#[derive(Clone, Debug)]
pub enum Location {
    /// A directory that holds `auth.sqlite` and `registry.sqlite`; made with mode 0700 if it is missing.
    Sqlite {
        /// The directory.
        directory: PathBuf,
    },
    /// A PostgreSQL database, a schema for each service.
    Postgres(PostgresLocation),
}

/// How to open one service's store.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Where the data are.
    pub location: Location,
    /// Which service's.
    pub schema: Schema,
    /// Threads that read (SQLite), or that read and write (PostgreSQL), each with a connection of its own.
    pub connections: usize,
    /// Whether nobody else may use the database meanwhile; the embedded one is never shared.
    pub is_alone: bool,
}

impl StoreOptions {
    /// The usual number of connections.
    pub const fn new(location: Location, schema: Schema) -> Self {
        Self {
            location,
            schema,
            connections: DEFAULT_CONNECTIONS,
            is_alone: false,
        }
    }

    /// Refuses to open while a server uses the database, and keeps servers away until it is closed: for recovery.
    #[must_use]
    pub const fn alone(mut self) -> Self {
        self.is_alone = true;
        self
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the file.
    #[error("`{}` is in use by another process: stop it first, or give this one its own --data-dir", path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// Other processes use the PostgreSQL database, or one has it alone.
    #[error("{}", in_use_elsewhere(*is_alone))]
    InUseElsewhere {
        /// Whether this process asked to have it alone.
        is_alone: bool,
    },
    /// The directory or the file cannot be used.
    #[error("`{}` cannot be used: {reason}", path.display())]
    Path {
        /// The directory or file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A restore is under way there, or was broken off.
    #[error("a restore into `{}` is under way or was broken off: wait for it, or empty the directory and restore again", path.display())]
    Restoring {
        /// The directory.
        path: PathBuf,
    },
    /// The database refused the connection.
    #[error("cannot open the database: {reason}")]
    Connect {
        /// What the driver said, without the password.
        reason: String,
    },
    /// The schema could not be brought up to date.
    #[error(transparent)]
    Migration(#[from] MigrationError),
}

/// One service's database. Cheap to clone; the threads stop when [`Store::close`] is called or the last clone is dropped.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    reads: Arc<Queue>,
    writes: Arc<Queue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    watch: Watch,
    has_neighbours: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database, brings its schema up to date under a lock, and starts its threads. Blocks.
    pub fn open(options: &StoreOptions) -> Result<Self, OpenError> {
        let reads = Arc::new(Queue::new(QUEUE_CAPACITY));
        let writes = Arc::new(Queue::new(QUEUE_CAPACITY));
        let watch = Watch {
            changes: watch::Sender::new(0),
            stop: Arc::default(),
        };
        let started = match &options.location {
            Location::Sqlite { directory } => sqlite::start(
                directory,
                options.schema,
                options.connections,
                &reads,
                &writes,
            ),
            Location::Postgres(location) => {
                postgres::start(location, options, watch.clone(), &reads, &writes)
            }
        };
        let threads = started.inspect_err(|_| watch.stop.store(true, Ordering::Relaxed))?;
        Ok(Self {
            shared: Arc::new(Shared {
                reads,
                writes,
                threads: Mutex::new(threads),
                watch,
                has_neighbours: matches!(options.location, Location::Postgres(_))
                    && !options.is_alone,
            }),
        })
    }

    /// Runs `operation` in a read-only transaction that sees one moment of the database.
    ///
    /// `operation` may run more than once; see [`Tx`].
    pub async fn read<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        F: Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        send(&self.shared.reads, operation).await
    }

    /// Runs `operation` in a transaction of its own as far as anyone can see, and answers once it is durable.
    ///
    /// `operation` may run more than once; see [`Tx`].
    pub async fn write<T, E, F>(&self, operation: F) -> Result<T, E>
    where
        F: Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        send(&self.shared.writes, operation).await
    }

    /// Moves when another process changed keys. A hint: it may come late or, while the connection is down, not at all.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.watch.changes.subscribe()
    }

    /// Whether other processes may change the same database.
    pub fn is_shared(&self) -> bool {
        self.shared.has_neighbours
    }

    /// Queues a job for the writers; [`crate::batch`] drains its waiting requests through this.
    pub(crate) fn push_write(&self, job: Box<dyn Job>) {
        self.shared.writes.push(job);
    }

    /// Finishes what waits, refuses what comes after, and ends the threads. Blocks until they are gone.
    pub fn close(&self) {
        self.shared.close();
    }
}

impl Shared {
    fn close(&self) {
        self.watch.stop.store(true, Ordering::Relaxed);
        self.reads.close();
        self.writes.close();
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A storage thread that panicked has already failed its jobs.
            let _ = thread.join();
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.watch.stop.store(true, Ordering::Relaxed);
        self.reads.close();
        self.writes.close();
    }
}

async fn send<T, E, F>(queue: &Queue, operation: F) -> Result<T, E>
where
    F: Fn(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    queue.push(Box::new(Operation {
        run: operation,
        result: None,
        reply: Some(reply),
    }));
    answer.await.unwrap_or_else(|_| Err(E::from(closed())))
}

const fn in_use_elsewhere(is_alone: bool) -> &'static str {
    if is_alone {
        "a server uses this database: stop every server on it first"
    } else {
        "a recovery command has this database alone: wait until it is done"
    }
}

pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable {
        reason: "the store is closed".to_owned(),
    }
}

struct Operation<F, T, E> {
    run: F,
    result: Option<Result<T, E>>,
    reply: Option<oneshot::Sender<Result<T, E>>>,
}

impl<F, T, E> Job for Operation<F, T, E>
where
    F: Fn(&mut dyn Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut dyn Tx) -> Ran {
        // INVARIANT: whatever a panicking operation left half-done is in the transaction, which is rolled back.
        let result = std::panic::catch_unwind(AssertUnwindSafe(|| (self.run)(tx)))
            .unwrap_or_else(|_| Err(E::from(StoreError::Panicked)));
        let ran = if result.is_ok() {
            Ran::Done
        } else {
            Ran::Failed
        };
        self.result = Some(result);
        ran
    }

    fn finish(mut self: Box<Self>, outcome: Result<(), StoreError>) {
        let answer = match (outcome, self.result.take()) {
            // The operation's own refusal stands whatever became of the transaction: it wrote nothing.
            (_, Some(Err(refused))) => Err(refused),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Ok(()), None) => Err(E::from(closed())),
            (Err(lost), _) => Err(E::from(lost)),
        };
        if let Some(reply) = self.reply.take() {
            // The caller may have gone away; the write stands.
            let _ = reply.send(answer);
        }
    }
}

/// SQLite reads on this many threads (design: 2 to 4); PostgreSQL uses as many connections for both.
const DEFAULT_CONNECTIONS: usize = 4;

/// More waiting requests than this are answered 503 at once: at 10,000 writes a second it is under a second of work.
const QUEUE_CAPACITY: usize = 4096;

#[cfg(test)]
mod tests;
