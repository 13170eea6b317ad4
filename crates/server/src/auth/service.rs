//! The auth service's state: the snapshot of all keys, and what keeps it fresh.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use hokusai_core::clock::Clock;
use hokusai_core::key::{ApiKey, KeyHash, KeyRecord, RateState};
use hokusai_core::random::Random;
use hokusai_store::keys::{self, Activity};
use hokusai_store::{Store, StoreError, usage};

use super::failures::Failures;
use super::refusals::Refusals;
use super::usage::UsageBuffer;
use super::view;
use crate::authority::stale::StaleWindow;
use crate::metrics::CountedBy;

/// The auth service's state. Cheap to clone.
#[derive(Clone)]
pub struct AuthService {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) stale_window: StaleWindow,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Monotonic moment at which the database last confirmed the snapshot, in milliseconds.
    heard_at_ms: AtomicU64,
    /// How many questions to the database began.
    questions: AtomicU64,
    /// Whoever holds it asks the database.
    confirming: tokio::sync::Mutex<LastQuestion>,
    /// One bucket per chain of rotations.
    pub(super) rates: Mutex<HashMap<String, RateState>>,
    pub(super) activity: Mutex<HashMap<String, Activity>>,
    pub(super) judgements: CountedBy,
    pub(super) failures: Mutex<Failures>,
    pub(super) usage: Mutex<UsageBuffer>,
    pub(super) refusals: Mutex<Refusals>,
}

/// The last questions to the database whether the snapshot holds: when the last began (monotonic milliseconds), and the numbers of
/// the last that was answered and the last that was not.
#[derive(Default)]
struct LastQuestion {
    asked_ms: u64,
    answered: u64,
    failed: u64,
}

/// Every key at one moment of the database.
#[derive(Default)]
pub(super) struct Snapshot {
    pub(super) epoch: i64,
    pub(super) by_hash: HashMap<KeyHash, Arc<KeyRecord>>,
    by_id: HashMap<String, Arc<KeyRecord>>,
}

impl AuthService {
    /// Loads every key. Whoever opens it calls [`AuthService::follow`] every [`EPOCH_POLL_MS`] and [`AuthService::flush`] every
    /// [`FLUSH_MS`]: without the first, keys stop working after the stale window.
    pub async fn open(
        store: Store,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        stale_window: StaleWindow,
    ) -> Result<Self, StoreError> {
        let service = Self {
            shared: Arc::new(Shared {
                store,
                clock,
                random,
                stale_window,
                snapshot: RwLock::default(),
                heard_at_ms: AtomicU64::new(0),
                questions: AtomicU64::new(0),
                confirming: tokio::sync::Mutex::default(),
                rates: Mutex::default(),
                activity: Mutex::default(),
                judgements: CountedBy::default(),
                failures: Mutex::default(),
                usage: Mutex::default(),
                refusals: Mutex::default(),
            }),
        };
        service.reload().await?;
        Ok(service)
    }

    /// The time.
    pub fn clock(&self) -> &dyn Clock {
        self.shared.clock.as_ref()
    }

    /// How long keys keep working after the database was last heard.
    pub fn stale_window(&self) -> StaleWindow {
        self.shared.stale_window
    }

    /// Random bytes.
    pub fn random(&self) -> Arc<dyn Random> {
        Arc::clone(&self.shared.random)
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Reads every key again; called after each change here.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let asked_at_ms = self.shared.clock.monotonic_ms();
        let (epoch, records) = self.shared.store.read(|tx| keys::snapshot(tx)).await?;
        let records: Vec<Arc<KeyRecord>> = records.into_iter().map(Arc::new).collect();
        let fresh = Snapshot {
            epoch,
            by_hash: records
                .iter()
                .map(|record| (record.hash, Arc::clone(record)))
                .collect(),
            by_id: records
                .into_iter()
                .map(|record| (record.id.clone(), record))
                .collect(),
        };
        let mut current = self
            .shared
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // INVARIANT: two reloads may overtake each other; the older moment never replaces the newer.
        if fresh.epoch >= current.epoch {
            *current = Arc::new(fresh);
            self.shared
                .heard_at_ms
                .fetch_max(asked_at_ms, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Asks for the epoch and reloads if another replica changed a key.
    pub async fn follow(&self) -> Result<(), StoreError> {
        let asked_at_ms = self.shared.clock.monotonic_ms();
        let epoch = self.shared.store.read(|tx| keys::epoch(tx)).await?;
        if epoch != self.epoch() {
            return self.reload().await;
        }
        self.shared
            .heard_at_ms
            .fetch_max(asked_at_ms, Ordering::Relaxed);
        Ok(())
    }

    /// Asks the database whether the snapshot still holds; whether it answered. Requests that wait together share one question,
    /// and questions keep a distance: strangers' keys cannot make the database busy.
    pub(super) async fn confirm(&self) -> bool {
        let arrived = self.shared.questions.load(Ordering::SeqCst);
        let mut last = self.shared.confirming.lock().await;
        // A question that began after this request arrived answers it too.
        if last.answered > arrived || last.failed > arrived {
            return last.answered > last.failed;
        }
        let since_ms = self
            .shared
            .clock
            .monotonic_ms()
            .saturating_sub(last.asked_ms);
        tokio::time::sleep(CONFIRM_DISTANCE.saturating_sub(Duration::from_millis(since_ms))).await;
        last.asked_ms = self.shared.clock.monotonic_ms();
        let question = self.shared.questions.fetch_add(1, Ordering::SeqCst) + 1;
        let outcome = tokio::time::timeout(CONFIRM_DEADLINE, self.follow()).await;
        let is_confirmed = matches!(outcome, Ok(Ok(())));
        if is_confirmed {
            last.answered = question;
        } else {
            last.failed = question;
        }
        is_confirmed
    }

    /// The epoch of the snapshot: it moves with every change to a key.
    pub fn epoch(&self) -> i64 {
        self.snapshot().epoch
    }

    /// How long ago the database was last heard, in milliseconds.
    pub fn age_ms(&self) -> u64 {
        self.shared
            .clock
            .monotonic_ms()
            .saturating_sub(self.shared.heard_at_ms.load(Ordering::Relaxed))
    }

    /// A key by its public id.
    pub fn key(&self, id: &str) -> Option<Arc<KeyRecord>> {
        self.snapshot().by_id.get(id).cloned()
    }

    /// The record behind a raw key, whatever its state.
    pub fn by_raw(&self, raw: &str) -> Option<Arc<KeyRecord>> {
        let key = ApiKey::parse(raw).ok()?;
        self.snapshot().by_hash.get(&key.hash()).cloned()
    }

    /// All keys, oldest first.
    pub fn keys(&self) -> Vec<Arc<KeyRecord>> {
        let mut keys: Vec<_> = self.snapshot().by_id.values().cloned().collect();
        keys.sort_by(|a, b| (a.created_at_ms, &a.id).cmp(&(b.created_at_ms, &b.id)));
        keys
    }

    /// Writes usage, last use and last refusals; what happened since the last flush is lost if the process is killed.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.flush_activity().await?;
        self.flush_refusals(false).await?;
        self.flush_usage().await
    }

    /// The last flush: the running minute of refused attempts is written too.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.flush_refusals(true).await?;
        self.flush().await
    }

    async fn flush_refusals(&self, is_last: bool) -> Result<(), StoreError> {
        let entries = lock(&self.shared.refusals).take(self.shared.clock.now_ms(), is_last);
        if entries.is_empty() {
            return Ok(());
        }
        // Counts of a minute that cannot be written are lost, and stay in the metrics: keeping them would grow.
        self.shared
            .store
            .write(move |tx| keys::record_refusals(tx, &entries))
            .await
    }

    pub(super) fn note_refusal(&self, from: Option<IpAddr>, code: &'static str) {
        lock(&self.shared.refusals).count(from, code, self.shared.clock.now_ms());
    }

    async fn flush_usage(&self) -> Result<(), StoreError> {
        let (rolled, once) = lock(&self.shared.usage).take();
        if rolled.is_empty() && once.is_empty() {
            return Ok(());
        }
        let (sums, reports) = (rolled.clone(), once.clone());
        let forgotten = view::day(self.shared.clock.now_ms() - REPEATABLE_MS);
        let outcome = self
            .shared
            .store
            .write(move |tx| {
                usage::record(tx, &sums, &reports)?;
                usage::forget_before(tx, &forgotten).map(drop)
            })
            .await;
        if outcome.is_err() {
            lock(&self.shared.usage).put_back(rolled, once);
        }
        outcome
    }

    async fn flush_activity(&self) -> Result<(), StoreError> {
        let taken: Vec<Activity> = std::mem::take(&mut *lock(&self.shared.activity))
            .into_values()
            .collect();
        if taken.is_empty() {
            return Ok(());
        }
        let written = taken.clone();
        let outcome = self
            .shared
            .store
            .write(move |tx| keys::record_activity(tx, &written))
            .await;
        if outcome.is_err() {
            self.put_back(taken);
        }
        outcome
    }

    /// What could not be written waits for the next flush, beside what happened since.
    fn put_back(&self, activities: Vec<Activity>) {
        let mut waiting = lock(&self.shared.activity);
        for old in activities {
            match waiting.get_mut(&old.key_id) {
                Some(newer) => {
                    newer.requests += old.requests;
                    newer.refusals += old.refusals;
                    newer.last_used_at_ms = newer.last_used_at_ms.or(old.last_used_at_ms);
                    newer.last_refusal = newer.last_refusal.take().or(old.last_refusal);
                }
                None => {
                    waiting.insert(old.key_id.clone(), old);
                }
            }
        }
    }

    /// Keys judged, by outcome.
    pub fn judgements(&self) -> CountedBy {
        // Before its first key too, so that a rate is known from the start.
        drop(self.shared.judgements.get_or_create(&[("outcome", "ok")]));
        self.shared.judgements.clone()
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(
            &self
                .shared
                .snapshot
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often the epoch is asked for, whatever notices of changes arrive: other replicas' revocations are heard within a second.
pub const EPOCH_POLL_MS: u64 = 250;

/// How often usage and last use are written; a killed process loses at most this much of them.
pub const FLUSH_MS: u64 = 5_000;

/// A report may be repeated under its idempotency key for a week.
const REPEATABLE_MS: i64 = 7 * 86_400_000;

/// At most fifty questions a second about keys that are not in memory.
const CONFIRM_DISTANCE: Duration = Duration::from_millis(20);

/// A database that does not answer a question about one row within a second is as good as away.
const CONFIRM_DEADLINE: Duration = Duration::from_secs(1);
