//! The bounded queue between asynchronous callers and storage threads.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::store::closed;
use crate::{StoreError, Tx};

/// What a job's run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    /// It may be committed.
    Done,
    /// What it wrote must be rolled back; it holds its own refusal.
    Failed,
}

/// Work for a storage thread: run inside a transaction, perhaps more than once, then told the outcome exactly once.
pub(crate) trait Job: Send {
    /// Runs in an open transaction.
    fn run(&mut self, tx: &mut dyn Tx) -> Ran;

    /// Told once whether the last run is durable. Never called before COMMIT has answered.
    fn finish(self: Box<Self>, outcome: Result<(), StoreError>);
}

pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    capacity: usize,
}

struct State {
    waiting: VecDeque<Box<dyn Job>>,
    open: bool,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                open: true,
            }),
            arrived: Condvar::new(),
            capacity,
        }
    }

    /// Queues a job, or tells it at once that the queue is full or closed.
    pub(crate) fn push(&self, job: Box<dyn Job>) {
        let refusal = {
            let mut state = self.lock();
            if state.open && state.waiting.len() < self.capacity {
                state.waiting.push_back(job);
                drop(state);
                self.arrived.notify_one();
                return;
            }
            if state.open {
                StoreError::Busy {
                    waiting: state.waiting.len(),
                }
            } else {
                closed()
            }
        };
        job.finish(Err(refusal));
    }

    /// Waits for jobs and takes up to `most` of them; `None` once the queue is closed and empty.
    pub(crate) fn take(&self, most: usize) -> Option<Vec<Box<dyn Job>>> {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if !state.open {
                return None;
            }
            state = self
                .arrived
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let count = state.waiting.len().min(most);
        Some(state.waiting.drain(..count).collect())
    }

    /// Takes no more jobs; those that wait are still run.
    pub(crate) fn close(&self) {
        self.lock().open = false;
        self.arrived.notify_all();
    }

    /// Fails everything that waits and closes: the threads behind the queue are gone.
    pub(crate) fn abandon(&self) {
        let waiting = {
            let mut state = self.lock();
            state.open = false;
            std::mem::take(&mut state.waiting)
        };
        for job in waiting {
            job.finish(Err(closed()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Abandons a queue when its thread ends, a panic included, so that no caller waits for ever.
pub(crate) struct AbandonOnExit(pub(crate) std::sync::Arc<Queue>);

impl Drop for AbandonOnExit {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
