//! Verdicts of an auth service over HTTP.
//!
//! Only an answer that is signed with this service's credential, for this nonce and this key, counts: behind a load balancer the
//! right certificate does not prove that the right service answered. Everything else means that the auth service is away.
//!
//! An accepted key is remembered with the epoch at which it was judged. [`HttpAuthority::follow`] asks for the epoch a few times a
//! second: while it stands still, what is remembered is confirmed; when it moves, each key is asked about again at its next use.
//! When nobody answers, remembered keys keep working for the [`StaleWindow`], without waiting, but not for what must not be stale.
//! Expiry, end of overlap, address and scope are judged here on every request.

mod asking;
mod memory;
mod verdict;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hokusai_core::clock::Clock;
use hokusai_core::key::{ApiKey, KeyRecord, RateState, judge};
use hokusai_core::random::Random;
use reqwest::Url;

use super::stale::StaleWindow;
use super::{Authority, Identity, Judgement, Presented};
use crate::auth::judging::{
    AUTH_STATE, may_be_stale, over_rate, rate_headers, refused, store_down, unreadable,
};
use crate::error::ApiError;
use crate::outbound;
use memory::{Known, Memory};
use verdict::Verdict;

/// Asks an auth service, and remembers for a moment.
pub struct HttpAuthority {
    auth: asking::AuthService,
    clock: Arc<dyn Clock>,
    stale_window: StaleWindow,
    memory: Mutex<Memory>,
    rates: Mutex<HashMap<String, RateState>>,
}

impl HttpAuthority {
    /// Asks the service at `url` with a credential that has the scope `keys:validate`.
    pub fn new(
        url: &Url,
        credential: ApiKey,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        stale_window: StaleWindow,
    ) -> Result<Self, reqwest::Error> {
        Ok(Self {
            auth: asking::AuthService::new(url, credential, random)?,
            clock,
            stale_window,
            memory: Mutex::default(),
            rates: Mutex::default(),
        })
    }

    /// Asks whether any key changed; to be called every [`FOLLOW_MS`]. Without it, each key is asked about every second.
    pub async fn follow(&self) {
        let asked_ms = self.clock.monotonic_ms();
        let notice = self.auth.epoch().await;
        let was_silent = lock(&self.memory).is_silent(self.clock.monotonic_ms());
        match notice {
            Ok(notice) => {
                lock(&self.memory).hear(notice, asked_ms);
                if was_silent {
                    tracing::info!(auth.url = self.auth.address(), "the auth service answers");
                }
            }
            Err(why) => {
                lock(&self.memory).miss();
                if !was_silent {
                    tracing::warn!(auth.url = self.auth.address(), error = %why, "the auth service does not answer; known keys keep working");
                }
            }
        }
    }

    async fn decide(&self, presented: Presented) -> Result<Identity, ApiError> {
        let key = ApiKey::parse(&presented.key)
            .map_err(|invalid| unreadable(invalid, presented.source))?;
        let now_ms = self.clock.monotonic_ms();
        let (known, is_silent, is_behind) = {
            let memory = lock(&self.memory);
            (
                memory.recall(key.hash(), now_ms),
                memory.is_silent(now_ms),
                memory.is_behind(now_ms),
            )
        };
        if let Some(known) = known.as_ref().filter(|known| known.is_fresh()) {
            return self.identity(&known.record, &presented, false);
        }
        let usable = known.filter(|known| self.is_usable(known, &presented));
        if let Some(known) = usable.as_ref().filter(|_| is_silent || is_behind) {
            return self.identity(&known.record, &presented, true);
        }
        // Even while nobody answers: the next question may be the first that is answered again.
        // Who has something to fall back on does not wait for long.
        let deadline = if usable.is_some() {
            SHORT_DEADLINE
        } else {
            outbound::DEADLINE
        };
        let answer = tokio::time::timeout(deadline, self.auth.verdict(&key, &presented)).await;
        match answer.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
            Ok(Verdict::Accepted {
                record,
                epoch,
                heard_ms_ago,
            }) => {
                let record = Arc::new(*record);
                // The answer may have been on its way for a while.
                let confirmed_ms = now_ms.saturating_sub(heard_ms_ago);
                lock(&self.memory).remember(key.hash(), &record, epoch, confirmed_ms);
                let told = Known {
                    record,
                    age_ms: self.clock.monotonic_ms().saturating_sub(confirmed_ms),
                    is_current: true,
                };
                if told.is_fresh() {
                    return self.identity(&told.record, &presented, false);
                }
                if self.is_usable(&told, &presented) {
                    return self.identity(&told.record, &presented, true);
                }
                Err(store_down("the auth service cannot hear its database"))
            }
            Ok(Verdict::Refused(refusal)) => {
                lock(&self.memory).forget(key.hash());
                Err(refusal)
            }
            Err(why) => {
                tracing::warn!(auth.url = self.auth.address(), error = %why, "the auth service gave no verdict");
                // Time went by: what was usable before the question may not be any more.
                let known = lock(&self.memory).recall(key.hash(), self.clock.monotonic_ms());
                known
                    .filter(|known| self.is_usable(known, &presented))
                    .ok_or_else(|| store_down("the auth service gave no verdict"))
                    .and_then(|known| self.identity(&known.record, &presented, true))
            }
        }
    }

    /// Whether what is remembered may be used although nobody confirms it.
    fn is_usable(&self, known: &Known, presented: &Presented) -> bool {
        let told_ms = lock(&self.memory).told_window_ms();
        let window_ms = told_ms.map_or(self.stale_window.ms(), |told| {
            told.min(self.stale_window.ms())
        });
        may_be_stale(presented.action) && known.age_ms <= window_ms
    }

    /// What is judged on every request, whatever was remembered; then the rate, which this process counts by itself.
    fn identity(
        &self,
        record: &KeyRecord,
        presented: &Presented,
        is_stale: bool,
    ) -> Result<Identity, ApiError> {
        let now_ms = self.clock.now_ms();
        judge(record, presented.client_ip, Some(presented.action), now_ms)
            .map_err(|refusal| refused(&refusal))?;
        let mut headers = Vec::new();
        if let Some(limit) = record.rate_limit {
            let mut rates = lock(&self.rates);
            let state = rates.entry(record.chain_id.clone()).or_default();
            let rate = limit.spend(state, self.clock.monotonic_ms());
            if !rate.allowed {
                return Err(over_rate(record, rate));
            }
            headers = rate_headers(rate);
        }
        if is_stale {
            headers.push((AUTH_STATE, "stale".to_owned()));
        }
        Ok(Identity {
            key_id: record.id.clone(),
            user: record.owner.clone(),
            scopes: record.scopes.clone(),
            headers,
        })
    }
}

impl Authority for HttpAuthority {
    fn heard_ms_ago(&self) -> Option<u64> {
        lock(&self.memory).heard_ms_ago(self.clock.monotonic_ms())
    }

    fn judge(&self, presented: Presented) -> Judgement<'_> {
        Box::pin(self.decide(presented))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long a request waits for an answer if it can do without.
const SHORT_DEADLINE: Duration = Duration::from_secs(1);

/// Three questions within the second for which an answer is fresh.
pub const FOLLOW_MS: u64 = 300;
