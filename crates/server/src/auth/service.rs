//! The snapshot of all keys, and the judgement of one.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use hokusai_core::access::Action;
use hokusai_core::clock::Clock;
use hokusai_core::key::{ApiKey, InvalidKey, KeyHash, KeyRecord, RateDecision, RateState, judge};
use hokusai_core::random::Random;
use hokusai_store::keys::{self, Activity};
use hokusai_store::{Store, StoreError};

use crate::authority::{Authority, Identity, Judgement, Presented};
use crate::error::{ApiError, ErrorKind};

/// The auth service's state. Cheap to clone.
#[derive(Clone)]
pub struct AuthService {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    snapshot: RwLock<Arc<Snapshot>>,
    /// One bucket per chain of rotations.
    rates: Mutex<HashMap<String, RateState>>,
    activity: Mutex<HashMap<String, Activity>>,
    counters: Mutex<HashMap<&'static str, u64>>,
}

#[derive(Default)]
struct Snapshot {
    epoch: i64,
    heard_at_ms: u64,
    by_hash: HashMap<KeyHash, Arc<KeyRecord>>,
    by_id: HashMap<String, Arc<KeyRecord>>,
}

/// A judged key: the record and what its rate allowed.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The key.
    pub record: Arc<KeyRecord>,
    /// What its rate limit said, if it has one.
    pub rate: Option<RateDecision>,
}

impl AuthService {
    /// Loads every key.
    pub async fn open(
        store: Store,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        let service = Self {
            shared: Arc::new(Shared {
                store,
                clock,
                random,
                snapshot: RwLock::default(),
                rates: Mutex::default(),
                activity: Mutex::default(),
                counters: Mutex::default(),
            }),
        };
        service.reload().await?;
        Ok(service)
    }

    /// The time.
    pub fn clock(&self) -> &dyn Clock {
        self.shared.clock.as_ref()
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
            heard_at_ms: asked_at_ms,
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
        }
        Ok(())
    }

    /// Asks for the epoch and reloads if another replica changed a key.
    pub async fn follow(&self) -> Result<(), StoreError> {
        let asked_at_ms = self.shared.clock.monotonic_ms();
        let epoch = self.shared.store.read(|tx| keys::epoch(tx)).await?;
        if epoch != self.snapshot().epoch {
            return self.reload().await;
        }
        let current = self.snapshot();
        let heard = Snapshot {
            epoch,
            heard_at_ms: asked_at_ms,
            by_hash: current.by_hash.clone(),
            by_id: current.by_id.clone(),
        };
        let mut place = self
            .shared
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if place.epoch == epoch {
            *place = Arc::new(heard);
        }
        Ok(())
    }

    /// How long ago the database was last heard, in milliseconds.
    pub fn age_ms(&self) -> u64 {
        self.shared
            .clock
            .monotonic_ms()
            .saturating_sub(self.snapshot().heard_at_ms)
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

    /// Judges a raw key: form, existence, revocation, expiry, address, scope, and then its rate.
    pub fn judge_raw(
        &self,
        raw: &str,
        source: &str,
        client_ip: Option<IpAddr>,
        action: Option<Action>,
    ) -> Result<Judged, ApiError> {
        let judged = self.decide(raw, source, client_ip, action);
        let code = judged.as_ref().map_or_else(|error| reason(error), |_| "ok");
        *lock(&self.shared.counters).entry(code).or_default() += 1;
        judged
    }

    fn decide(
        &self,
        raw: &str,
        source: &str,
        client_ip: Option<IpAddr>,
        action: Option<Action>,
    ) -> Result<Judged, ApiError> {
        let key = ApiKey::parse(raw).map_err(|invalid| unreadable(invalid, source))?;
        let snapshot = self.snapshot();
        let Some(record) = snapshot.by_hash.get(&key.hash()) else {
            return Err(self.unknown(&key, &snapshot, source));
        };
        if let Err(refusal) = judge(record, client_ip, action, self.shared.clock.now_ms()) {
            let kind = match refusal.code() {
                "ip" | "scope" => ErrorKind::PermissionDenied,
                _ => ErrorKind::Unauthenticated,
            };
            self.note(&record.id, Some(refusal.code()));
            return Err(coded(kind, refusal.to_string(), refusal.code()));
        }
        let rate = record.rate_limit.map(|limit| {
            let mut rates = lock(&self.shared.rates);
            let state = rates.entry(record.chain_id.clone()).or_default();
            limit.spend(state, self.shared.clock.monotonic_ms())
        });
        if let Some(rate) = rate.filter(|rate| !rate.allowed) {
            self.note(&record.id, Some("rate"));
            let wait_s = rate.retry_after_s.clamp(1, MOST_RETRY_AFTER_S);
            tracing::warn!(key.id = %record.id, retry_after_s = wait_s, "key `{}` is over its rate limit", record.name);
            let message = format!(
                "Rate limit exceeded for key `{}`: come back in {wait_s} s",
                record.id
            );
            return Err(coded(ErrorKind::RateLimited, message, "rate").retry_after(wait_s));
        }
        self.note(&record.id, None);
        Ok(Judged {
            record: Arc::clone(record),
            rate,
        })
    }

    fn unknown(&self, key: &ApiKey, snapshot: &Snapshot, source: &str) -> ApiError {
        // A key that this replica has not heard of yet must never be called unknown.
        if self
            .shared
            .clock
            .monotonic_ms()
            .saturating_sub(snapshot.heard_at_ms)
            > UNKNOWN_NEEDS_MS
        {
            return coded(
                ErrorKind::Unavailable,
                "the key store is away: unknown keys cannot be judged now".to_owned(),
                "store-down",
            )
            .retry_after(1);
        }
        if key.has_good_checksum() {
            return coded(
                ErrorKind::Unauthenticated,
                format!(
                    "Invalid or expired API key: no such key here (read from {source}); is it of another environment or server?"
                ),
                "unknown",
            );
        }
        coded(
            ErrorKind::Unauthenticated,
            format!(
                "Invalid or expired API key: its checksum is wrong (read from {source}); it was mistyped or cut off: copy it again"
            ),
            "checksum",
        )
    }

    fn note(&self, id: &str, refusal: Option<&'static str>) {
        let now_ms = self.shared.clock.now_ms();
        let mut activity = lock(&self.shared.activity);
        let entry = match activity.get_mut(id) {
            Some(entry) => entry,
            None => activity.entry(id.to_owned()).or_insert_with(|| Activity {
                key_id: id.to_owned(),
                period: super::view::month(now_ms),
                ..Activity::default()
            }),
        };
        match refusal {
            None => {
                entry.requests += 1;
                entry.last_used_at_ms = Some(now_ms);
            }
            Some(code) => {
                entry.refusals += 1;
                entry.last_refusal = Some(code.to_owned());
            }
        }
    }

    /// Writes usage, last use and last refusals; at most a minute of them is lost with the process.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let taken: Vec<Activity> = std::mem::take(&mut *lock(&self.shared.activity))
            .into_values()
            .collect();
        if taken.is_empty() {
            return Ok(());
        }
        self.shared
            .store
            .write(move |tx| keys::record_activity(tx, &taken))
            .await
    }

    /// How often each outcome occurred since the start.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        let mut counters: Vec<_> = lock(&self.shared.counters)
            .iter()
            .map(|(code, count)| (*code, *count))
            .collect();
        counters.sort_unstable();
        counters
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(
            &self
                .shared
                .snapshot
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

impl Authority for AuthService {
    fn judge(&self, presented: Presented) -> Judgement<'_> {
        let judged = self.judge_raw(
            &presented.key,
            presented.source,
            presented.client_ip,
            Some(presented.action),
        );
        Box::pin(std::future::ready(judged.map(|judged| Identity {
            key_id: judged.record.id.clone(),
            user: judged.record.owner.clone(),
            scopes: judged.record.scopes.clone(),
            headers: judged.rate.map(rate_headers).unwrap_or_default(),
        })))
    }
}

/// The state of a rate limit, on 200 and on 429.
pub fn rate_headers(rate: RateDecision) -> Vec<(&'static str, String)> {
    vec![
        ("x-ratelimit-limit", rate.limit.to_string()),
        ("x-ratelimit-remaining", rate.remaining.to_string()),
        ("x-ratelimit-reset", rate.reset_s.to_string()),
    ]
}

fn unreadable(invalid: InvalidKey, source: &str) -> ApiError {
    match invalid {
        InvalidKey::Empty => coded(
            ErrorKind::Unauthenticated,
            format!(
                "You are not authenticated. API key required: {source} was empty; set MLFLOW_TRACKING_TOKEN"
            ),
            "missing",
        ),
        InvalidKey::Malformed => coded(
            ErrorKind::Unauthenticated,
            format!("Invalid or expired API key: {invalid} (read from {source})"),
            "malformed",
        ),
    }
}

fn coded(kind: ErrorKind, message: String, code: &'static str) -> ApiError {
    ApiError::new(kind, message).with("code", code)
}

fn reason(error: &ApiError) -> &'static str {
    const REASONS: [&str; 9] = [
        "missing",
        "malformed",
        "checksum",
        "unknown",
        "revoked",
        "expired",
        "ip",
        "scope",
        "rate",
    ];
    let code = error
        .field("code")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    REASONS
        .into_iter()
        .find(|reason| *reason == code)
        .unwrap_or("store-down")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often the epoch is asked for: other replicas' revocations are heard within a second.
pub const EPOCH_POLL_MS: u64 = 500;

/// How often usage and last use are written.
pub const FLUSH_MS: u64 = 5_000;

/// If the database was silent for longer, an unknown key may just be new: 503, not 401.
const UNKNOWN_NEEDS_MS: u64 = 5_000;

/// The MLflow client waits as long as it is told; ten seconds is as long as a person does.
const MOST_RETRY_AFTER_S: u64 = 10;
