//! The real clock and the real randomness.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hokusai_core::clock::Clock;
use hokusai_core::random::Random;

/// The system's clocks.
pub(crate) struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Monotonic time counts from here.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where time comes from"
    )]
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }

    /// The time of day, as file systems count it.
    pub(crate) fn system_time(&self) -> SystemTime {
        let since_epoch = Duration::from_millis(u64::try_from(self.now_ms()).unwrap_or(0));
        UNIX_EPOCH + since_epoch
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where time comes from"
    )]
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The system's random bytes.
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::expect_used,
        reason = "without the system's random bytes no key may be made; the request fails, not the process"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system gives random bytes");
    }
}
