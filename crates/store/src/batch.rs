//! Hot writes: requests that wait at the same time share their statements and their commit.
//!
//! PostgreSQL pays a round trip per statement and a sync per commit, so the two hottest operations describe themselves as a
//! [`Batch`] and go through a [`BatchQueue`]. The caller of one item sees no difference: it is answered after COMMIT, and what another
//! item does wrong does not touch it.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::db::queue::{Job, Ran};
use crate::store::closed;
use crate::{Store, StoreError, Tx};

/// An operation that can be done for many requests at once.
pub trait Batch: Sized + Send + 'static {
    /// What a request is answered.
    type Reply: Send + 'static;
    /// Why a request is refused.
    type Error: From<StoreError> + Send + 'static;

    /// Does all `items` in one transaction; answers each in its place.
    ///
    /// Among several, an item that is refused must have written nothing. If that cannot be had, the whole may fail: it is rolled
    /// back, and each item is run again by itself, where a refusal rolls back too.
    fn run(items: &[Self], tx: &mut dyn Tx) -> Result<Vec<Answer<Self>>, StoreError>;
}

/// What one item is answered.
pub type Answer<B> = Result<<B as Batch>::Reply, <B as Batch>::Error>;

/// The requests of one operation that wait for a transaction. Cheap to clone.
pub struct BatchQueue<B: Batch> {
    shared: Arc<Shared<B>>,
}

impl<B: Batch> Clone for BatchQueue<B> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<B: Batch> std::fmt::Debug for BatchQueue<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BatchQueue").finish_non_exhaustive()
    }
}

struct Shared<B: Batch> {
    store: Store,
    state: Mutex<State<B>>,
}

struct State<B: Batch> {
    waiting: VecDeque<(B, Reply<B>)>,
    in_flight: usize,
}

type Reply<B> = oneshot::Sender<Answer<B>>;

impl<B: Batch> BatchQueue<B> {
    /// A queue in front of a store's writers.
    pub fn new(store: Store) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            in_flight: 0,
        };
        Self {
            shared: Arc::new(Shared {
                store,
                state: Mutex::new(state),
            }),
        }
    }

    /// Has `item` done together with what waits, and answers once it is durable.
    pub async fn submit(&self, item: B) -> Result<B::Reply, B::Error> {
        let (reply, answer) = oneshot::channel();
        {
            let mut state = self.shared.lock();
            if state.waiting.len() >= MOST_WAITING {
                let waiting = state.waiting.len();
                return Err(StoreError::Busy { waiting }.into());
            }
            state.waiting.push_back((item, reply));
        }
        Shared::drain(&self.shared);
        answer.await.unwrap_or_else(|_| Err(closed().into()))
    }
}

impl<B: Batch> Shared<B> {
    fn lock(&self) -> MutexGuard<'_, State<B>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a job for what waits, unless enough are on their way.
    fn drain(shared: &Arc<Self>) {
        {
            let mut state = shared.lock();
            if state.waiting.is_empty() || state.in_flight >= MOST_IN_FLIGHT {
                return;
            }
            state.in_flight += 1;
        }
        shared.store.push_write(Box::new(Drain {
            shared: Arc::clone(shared),
            items: Vec::new(),
            replies: Vec::new(),
            result: None,
            takes_waiting: true,
            has_run: false,
        }));
    }
}

/// A transaction for what waits when it begins, or for one item that a failed batch left.
struct Drain<B: Batch> {
    shared: Arc<Shared<B>>,
    items: Vec<B>,
    replies: Vec<Reply<B>>,
    result: Option<Result<Vec<Answer<B>>, StoreError>>,
    takes_waiting: bool,
    has_run: bool,
}

impl<B: Batch> Drain<B> {
    /// Takes what waits, the first time only: a transaction that is repeated does the same items again.
    fn take(&mut self) {
        if self.takes_waiting && self.items.is_empty() {
            let mut state = self.shared.lock();
            let count = state.waiting.len().min(MOST_ITEMS);
            (self.items, self.replies) = state.waiting.drain(..count).unzip();
        }
    }

    fn answer(&mut self, outcome: &Result<(), StoreError>) {
        let replies = std::mem::take(&mut self.replies);
        let answers = match self.result.take() {
            Some(Ok(answers)) => answers,
            Some(Err(_)) if replies.len() > 1 => return self.run_each_alone(replies),
            Some(Err(error)) => replies.iter().map(|_| Err(error.clone().into())).collect(),
            None => {
                let lost = outcome.clone().err().unwrap_or_else(closed);
                replies.iter().map(|_| Err(lost.clone().into())).collect()
            }
        };
        for (reply, answer) in replies.into_iter().zip(answers) {
            // An item's own refusal stands whatever became of the transaction: it wrote nothing.
            let answer =
                answer.and_then(|value| outcome.clone().map(|()| value).map_err(Into::into));
            // The caller may have gone away; the write stands.
            let _ = reply.send(answer);
        }
    }

    fn run_each_alone(&mut self, replies: Vec<Reply<B>>) {
        for (item, reply) in std::mem::take(&mut self.items).into_iter().zip(replies) {
            self.shared.store.push_write(Box::new(Self {
                shared: Arc::clone(&self.shared),
                items: vec![item],
                replies: vec![reply],
                result: None,
                takes_waiting: false,
                has_run: false,
            }));
        }
    }
}

impl<B: Batch> Job for Drain<B> {
    fn run(&mut self, tx: &mut dyn Tx) -> Ran {
        self.has_run = true;
        self.take();
        if self.items.is_empty() {
            return Ran::Done;
        }
        // INVARIANT: whatever a panicking operation left half-done is in the transaction, which is rolled back.
        let result = std::panic::catch_unwind(AssertUnwindSafe(|| B::run(&self.items, tx)))
            .unwrap_or(Err(StoreError::Panicked));
        let ran = match &result {
            Err(_) => Ran::Failed,
            Ok(answers) if answers.iter().all(Result::is_err) => Ran::Failed,
            Ok(_) => Ran::Done,
        };
        self.result = Some(result);
        ran
    }

    fn finish(mut self: Box<Self>, outcome: Result<(), StoreError>) {
        // One that was refused before it ran speaks for those who waited for it. One that ran must not take what came since.
        if !self.has_run {
            self.take();
        }
        self.answer(&outcome);
        if self.takes_waiting {
            self.shared.lock().in_flight -= 1;
            Shared::drain(&self.shared);
        }
    }
}

/// One transaction commits while the next collects its items.
const MOST_IN_FLIGHT: usize = 2;

/// Items of one transaction: enough to share a sync, few enough that the first does not wait for the last for long.
const MOST_ITEMS: usize = 512;

/// More than this are answered 503 at once, as in the store's own queue.
const MOST_WAITING: usize = 4096;

#[cfg(test)]
mod tests;
