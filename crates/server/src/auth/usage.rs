//! Reported usage on its way to the database: summed in bounded memory, written every few seconds, off the path of requests.

use std::collections::HashMap;

use hokusai_store::usage::{Once, Subject, Totals};

/// What was reported since the last flush.
#[derive(Default)]
pub(super) struct UsageBuffer {
    rolled: HashMap<Subject, Totals>,
    once: Vec<Once>,
}

/// No more fits until the next flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl UsageBuffer {
    /// Adds a report that may be counted again if it is repeated.
    pub(super) fn add(&mut self, subject: Subject, totals: Totals) -> Result<(), Full> {
        if self.rolled.len() >= MOST_ROWS && !self.rolled.contains_key(&subject) {
            return Err(Full);
        }
        self.rolled.entry(subject).or_default().add(totals);
        Ok(())
    }

    /// Adds a report that is counted once however often it comes.
    pub(super) fn add_once(&mut self, report: Once) -> Result<(), Full> {
        if self.once.len() >= MOST_REPORTS {
            return Err(Full);
        }
        self.once.push(report);
        Ok(())
    }

    /// Everything, and an empty buffer in its place.
    pub(super) fn take(&mut self) -> (Vec<(Subject, Totals)>, Vec<Once>) {
        let rolled = std::mem::take(&mut self.rolled);
        (rolled.into_iter().collect(), std::mem::take(&mut self.once))
    }

    /// What could not be written waits for the next flush. It was accepted, so it is kept beyond the bounds if need be.
    pub(super) fn put_back(&mut self, rolled: Vec<(Subject, Totals)>, once: Vec<Once>) {
        for (subject, totals) in rolled {
            self.rolled.entry(subject).or_default().add(totals);
        }
        self.once.extend(once);
    }
}

/// Rows of different key, day, service and endpoint: about 2 MB.
const MOST_ROWS: usize = 10_000;

/// Reports with an idempotency key, each by itself: about 10 MB, 10,000 a second between two flushes.
const MOST_REPORTS: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;
    use hokusai_core::usage::Day;

    fn subject(n: usize) -> Subject {
        Subject {
            key_id: n.to_string(),
            day: Day::parse("day", "2026-01-31").unwrap(),
            service_id: "platform".to_owned(),
            endpoint: "/predict".parse().unwrap(),
        }
    }

    #[test]
    fn memory_is_bounded_and_what_was_accepted_is_kept() {
        let mut buffer = UsageBuffer::default();
        let single = Totals {
            requests: 1,
            ..Totals::default()
        };
        for n in 0..MOST_ROWS {
            assert_eq!(buffer.add(subject(n), single), Ok(()));
        }
        assert_eq!(buffer.add(subject(MOST_ROWS), single), Err(Full));
        assert_eq!(
            buffer.add(subject(0), single),
            Ok(()),
            "a row that is there grows"
        );
        let (rolled, once) = buffer.take();
        buffer.put_back(rolled, once);
        assert_eq!(buffer.rolled.len(), MOST_ROWS);
        assert_eq!(buffer.rolled[&subject(0)].requests, 2);
    }
}
