//! Refused attempts on their way to the audit log: how many, why, from where, minute by minute, in bounded memory.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hokusai_store::audit::Entry;

use super::failures::network;

/// What was refused since the last flush.
#[derive(Default)]
pub(super) struct Refusals(BTreeMap<Subject, u64>);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    minute: i64,
    /// None for an address that is not known, and for those beyond [`MOST_ADDRESSES`].
    from: Option<IpAddr>,
    code: &'static str,
}

impl Refusals {
    /// Counts one.
    pub(super) fn count(&mut self, from: Option<IpAddr>, code: &'static str, now_ms: i64) {
        let mut subject = Subject {
            minute: now_ms / MINUTE_MS,
            from: from.map(network),
            code,
        };
        if self.0.len() >= MOST_ADDRESSES && !self.0.contains_key(&subject) {
            subject.from = None;
        }
        *self.0.entry(subject).or_default() += 1;
    }

    /// The minutes that are over, as entries; all of them if `is_last`.
    pub(super) fn take(&mut self, now_ms: i64, is_last: bool) -> Vec<Entry> {
        let this_minute = now_ms / MINUTE_MS;
        let mut taken = Vec::new();
        self.0.retain(|subject, count| {
            let is_over = is_last || subject.minute < this_minute;
            if is_over {
                taken.push(entry(subject, *count));
            }
            !is_over
        });
        taken
    }
}

fn entry(subject: &Subject, count: u64) -> Entry {
    Entry {
        at_ms: subject.minute * MINUTE_MS,
        actor: "aggregate".to_owned(),
        action: format!("refused.{}", subject.code),
        target: format!("{count} within a minute"),
        client_ip: subject.from.map(|from| from.to_string()),
    }
}

const MINUTE_MS: i64 = 60_000;

/// Addresses (and reasons) that one minute tells apart; an attacker with more fills one line per reason.
const MOST_ADDRESSES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_of_one_address_is_one_entry_and_the_running_minute_waits() {
        let mut refusals = Refusals::default();
        for n in 0..1_000 {
            refusals.count("10.0.0.1".parse().ok(), "unknown", n);
        }
        refusals.count("10.0.0.2".parse().ok(), "unknown", MINUTE_MS);
        let entries = refusals.take(MINUTE_MS, false);
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].target, "1000 within a minute");
        assert_eq!(entries[0].client_ip.as_deref(), Some("10.0.0.1"));
        assert_eq!(refusals.take(MINUTE_MS, true).len(), 1);
    }

    #[test]
    fn memory_is_bounded_whoever_comes() {
        let mut refusals = Refusals::default();
        for n in 0..100_000_u32 {
            refusals.count(Some(IpAddr::V4(n.into())), "unknown", 0);
        }
        let entries = refusals.take(MINUTE_MS, false);
        // What docs/keys.md promises, and one line for all others.
        assert!(entries.len() <= 256 + 1, "{}", entries.len());
    }
}
