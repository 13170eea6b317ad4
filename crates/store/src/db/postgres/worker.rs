//! A thread with one connection: a transaction per job, repeated when the database asks for it.

use std::time::{Duration, Instant};

use super::session::{Session, Target};
use super::tx::{PostgresTx, failure};
use crate::StoreError;
use crate::db::queue::{AbandonOnExit, Job, Queue, Ran};

/// What a thread's transactions are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
}

impl Kind {
    const fn begin(self) -> &'static str {
        match self {
            Self::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Write => "BEGIN",
        }
    }
}

/// Runs jobs until the queue is closed and empty. Without a connection they are refused at once, and it is tried again.
pub(super) fn serve(target: &Target, kind: Kind, queue: &std::sync::Arc<Queue>) {
    let _abandon = AbandonOnExit(std::sync::Arc::clone(queue));
    let mut link = Link {
        target,
        session: None,
        failures: 0,
        not_before: None,
    };
    while let Some(jobs) = queue.take(1) {
        for job in jobs {
            run(&mut link, kind, job);
        }
    }
}

struct Link<'t> {
    target: &'t Target,
    session: Option<Session>,
    failures: u32,
    not_before: Option<Instant>,
}

impl Link<'_> {
    /// A session with a transaction begun. A connection that died while idle is replaced once: nothing was run on it.
    fn begin(&mut self, kind: Kind) -> Result<&mut Session, StoreError> {
        for _ in 0..2 {
            let mut session = match self.session.take() {
                Some(session) => session,
                None => self.connect()?,
            };
            match session.client.batch_execute(kind.begin()) {
                Ok(()) => return Ok(self.session.insert(session)),
                Err(error) if session.client.is_closed() => {
                    tracing::warn!(error = %error, "the database connection was lost");
                }
                Err(error) => return Err(failure("BEGIN", &error)),
            }
        }
        Err(StoreError::Unavailable {
            reason: "the connection was lost twice".to_owned(),
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the backoff of a connection is measured where the connection is"
    )]
    fn connect(&mut self) -> Result<Session, StoreError> {
        let now = Instant::now();
        if self.not_before.is_some_and(|moment| now < moment) {
            return Err(StoreError::Unavailable {
                reason: "the last attempt to connect failed".to_owned(),
            });
        }
        match Session::open(self.target) {
            Ok(session) => {
                self.failures = 0;
                self.not_before = None;
                Ok(session)
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                let wait = FIRST_WAIT
                    .saturating_mul(1 << self.failures.min(6))
                    .min(LONGEST_WAIT);
                self.not_before = Some(now + wait);
                Err(error)
            }
        }
    }
}

fn run(link: &mut Link<'_>, kind: Kind, mut job: Box<dyn Job>) {
    for attempt in 1..=ATTEMPTS {
        let session = match link.begin(kind) {
            Ok(session) => session,
            Err(error) => return job.finish(Err(error)),
        };
        let mut tx = PostgresTx::new(session);
        let ran = job.run(&mut tx);
        let (hooks, must_repeat, failed) = (tx.hooks, tx.must_repeat, tx.failed);
        if ran == Ran::Failed || failed.is_some() {
            let rolled_back = session.client.batch_execute("ROLLBACK");
            forget_if_broken(link, rolled_back.is_err());
            if must_repeat && attempt < ATTEMPTS {
                continue;
            }
            // A job that failed answers with its own refusal; one that thought itself done learns what undid it.
            return job.finish(Err(failed.unwrap_or(StoreError::Panicked)));
        }
        match session.client.batch_execute("COMMIT") {
            Ok(()) => {
                for hook in hooks {
                    hook();
                }
                return job.finish(Ok(()));
            }
            Err(error) => {
                let repeatable = super::tx::asks_for_repetition(&error);
                let refusal = match error.as_db_error() {
                    Some(_) => failure("COMMIT", &error),
                    // It was told to commit and nobody heard what came of it.
                    None => StoreError::OutcomeUnknown {
                        reason: error.to_string(),
                    },
                };
                let broken = session.client.is_closed();
                forget_if_broken(link, broken);
                if repeatable && attempt < ATTEMPTS {
                    continue;
                }
                return job.finish(Err(refusal));
            }
        }
    }
}

fn forget_if_broken(link: &mut Link<'_>, is_broken: bool) {
    if is_broken {
        link.session = None;
    }
}

/// A serialization failure or a deadlock is repeated three times.
const ATTEMPTS: u32 = 4;
/// Before a second attempt to connect; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// A database that is back is noticed within it.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
