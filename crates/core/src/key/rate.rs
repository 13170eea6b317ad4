//! A key's rate limit: the generic cell rate algorithm (GCRA), exact at the boundary and one number of state.

/// How many requests a key may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests per hour; at least 1.
    pub per_hour: u32,
}

/// The state of one bucket: the theoretical arrival time of the next request, in microseconds of a monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateState {
    arrival_us: u64,
}

/// What a request met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateDecision {
    /// Whether the request may pass.
    pub allowed: bool,
    /// The whole allowance.
    pub limit: u32,
    /// Requests that would pass right now, after this one.
    pub remaining: u32,
    /// Seconds until one more would pass, rounded up; 0 when one would pass now.
    pub retry_after_s: u64,
    /// Seconds until the whole allowance is back, rounded up.
    pub reset_s: u64,
}

impl RateLimit {
    /// Requests that may come at once: a minute's worth, so that a refused client never waits long, and at least one.
    pub const fn burst(self) -> u32 {
        let minute = self.per_hour / 60;
        if minute == 0 { 1 } else { minute }
    }

    /// Spends one request, if there is one, and says what is left.
    pub fn spend(self, state: &mut RateState, now_ms: u64) -> RateDecision {
        let now = now_ms.saturating_mul(1000);
        let interval = HOUR_US / u64::from(self.per_hour.max(1));
        let tolerance = interval * u64::from(self.burst());
        let arrival = state.arrival_us.max(now) + interval;
        let allowed = arrival <= now + tolerance;
        if allowed {
            state.arrival_us = arrival;
        }
        let used = state.arrival_us.saturating_sub(now);
        let free = tolerance.saturating_sub(used) / interval;
        let wait = (used + interval).saturating_sub(tolerance);
        RateDecision {
            allowed,
            limit: self.burst(),
            remaining: u32::try_from(free).unwrap_or(u32::MAX),
            retry_after_s: wait.div_ceil(1_000_000),
            reset_s: used.div_ceil(1_000_000),
        }
    }
}

const HOUR_US: u64 = 3_600_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_burst_passes_at_once() {
        let limit = RateLimit { per_hour: 600 };
        let mut state = RateState::default();
        let passed = (0..100)
            .filter(|_| limit.spend(&mut state, 5_000).allowed)
            .count();
        assert_eq!(passed, 10);
    }

    #[test]
    fn the_header_agrees_with_the_behaviour() {
        let limit = RateLimit { per_hour: 3_600 };
        let mut state = RateState::default();
        let mut last = limit.spend(&mut state, 0);
        while last.allowed {
            let before = last.remaining;
            last = limit.spend(&mut state, 0);
            assert_eq!(last.allowed, before > 0);
        }
        assert!(
            !limit
                .spend(&mut state, last.retry_after_s * 1000 - 1)
                .allowed
        );
        assert!(limit.spend(&mut state, last.retry_after_s * 1000).allowed);
    }

    #[test]
    fn over_an_hour_the_rate_holds() {
        let limit = RateLimit { per_hour: 120 };
        let mut state = RateState::default();
        let passed = (0..3_600)
            .filter(|second| limit.spend(&mut state, second * 1000).allowed)
            .count();
        assert!((120..=122).contains(&passed), "{passed}");
    }
}
