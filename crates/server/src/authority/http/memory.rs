//! What a registry remembers of keys that were accepted, and since when nobody confirmed it.

use std::collections::HashMap;
use std::sync::Arc;

use hokusai_core::key::{KeyHash, KeyRecord};

use super::verdict::EpochNotice;
use crate::auth::judging::FRESH_MS;

/// Accepted keys and the last epoch. All moments are monotonic milliseconds.
#[derive(Default)]
pub(super) struct Memory {
    accepted: HashMap<KeyHash, Accepted>,
    heard: Option<Heard>,
    /// When the auth service last answered a question for the epoch; none while nobody asks.
    answered_ms: Option<u64>,
}

struct Accepted {
    record: Arc<KeyRecord>,
    /// The epoch at which it was judged.
    epoch: i64,
    /// When the key database was last heard to hold that.
    confirmed_ms: u64,
}

#[derive(Clone, Copy)]
struct Heard {
    epoch: i64,
    /// When the key database was last heard to be at that epoch.
    at_ms: u64,
    stale_window_ms: u64,
}

/// A remembered key, and how long ago the key database was last heard to hold it.
pub(super) struct Known {
    pub(super) record: Arc<KeyRecord>,
    pub(super) age_ms: u64,
    /// Whether no key changed since, as far as was heard.
    pub(super) is_current: bool,
}

impl Known {
    /// Whether it may be used without a question, for everything.
    pub(super) const fn is_fresh(&self) -> bool {
        self.is_current && self.age_ms <= FRESH_MS
    }
}

impl Memory {
    /// The key, if it was accepted before.
    pub(super) fn recall(&self, hash: KeyHash, now_ms: u64) -> Option<Known> {
        let accepted = self.accepted.get(&hash)?;
        let confirmed_ms = match self.heard {
            Some(heard) if heard.epoch == accepted.epoch => accepted.confirmed_ms.max(heard.at_ms),
            _ => accepted.confirmed_ms,
        };
        Some(Known {
            record: Arc::clone(&accepted.record),
            age_ms: now_ms.saturating_sub(confirmed_ms),
            is_current: self.heard.is_none_or(|heard| heard.epoch == accepted.epoch),
        })
    }

    /// Remembers an accepted key.
    pub(super) fn remember(
        &mut self,
        hash: KeyHash,
        record: &Arc<KeyRecord>,
        epoch: i64,
        confirmed_ms: u64,
    ) {
        if self.accepted.len() >= MOST_REMEMBERED && !self.accepted.contains_key(&hash) {
            // Only accepted keys are here, so nobody without many good keys comes this far.
            let oldest = self
                .accepted
                .iter()
                .min_by_key(|(_, accepted)| accepted.confirmed_ms);
            let oldest = oldest.map(|(hash, _)| *hash);
            oldest.map(|hash| self.accepted.remove(&hash));
        }
        let record = Arc::clone(record);
        self.accepted.insert(
            hash,
            Accepted {
                record,
                epoch,
                confirmed_ms,
            },
        );
    }

    /// A key that is refused is not remembered any more.
    pub(super) fn forget(&mut self, hash: KeyHash) {
        self.accepted.remove(&hash);
    }

    /// The auth service answered a question that was asked at `asked_ms`.
    pub(super) fn hear(&mut self, notice: EpochNotice, asked_ms: u64) {
        let at_ms = asked_ms.saturating_sub(notice.database_heard_ms_ago);
        let moved = self.heard.is_some_and(|heard| heard.epoch != notice.epoch);
        if moved && let Some(heard) = self.heard {
            // What was judged at the old epoch was confirmed until it was last heard, and is not any more.
            for accepted in self.accepted.values_mut() {
                if accepted.epoch == heard.epoch {
                    accepted.confirmed_ms = accepted.confirmed_ms.max(heard.at_ms);
                }
            }
        }
        self.heard = Some(Heard {
            epoch: notice.epoch,
            at_ms,
            stale_window_ms: notice.stale_window_ms,
        });
        self.answered_ms = Some(asked_ms);
    }

    /// A question for the epoch was not answered.
    pub(super) const fn miss(&mut self) {
        if self.answered_ms.is_none() {
            self.answered_ms = Some(0);
        }
    }

    /// Whether the auth service is asked for the epoch and has not answered for longer than an answer is fresh.
    pub(super) fn is_silent(&self, now_ms: u64) -> bool {
        self.answered_ms
            .is_some_and(|answered_ms| now_ms.saturating_sub(answered_ms) > FRESH_MS)
    }

    /// Whether the auth service answers, and has not heard its database for longer than that is fresh.
    pub(super) fn is_behind(&self, now_ms: u64) -> bool {
        self.heard_ms_ago(now_ms)
            .is_some_and(|age_ms| age_ms > FRESH_MS)
    }

    /// How long ago the key database was last heard.
    pub(super) fn heard_ms_ago(&self, now_ms: u64) -> Option<u64> {
        self.heard.map(|heard| now_ms.saturating_sub(heard.at_ms))
    }

    /// The stale window that the auth service states when it revokes keys.
    pub(super) fn told_window_ms(&self) -> Option<u64> {
        self.heard.map(|heard| heard.stale_window_ms)
    }
}

/// A few megabytes.
const MOST_REMEMBERED: usize = 10_000;
