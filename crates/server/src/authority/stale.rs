//! How long a verdict may be used that nobody can confirm.

/// The stale window: how long known keys keep working after the key database was last heard, for actions that may be stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleWindow {
    ms: u64,
}

impl StaleWindow {
    /// A window of 0 (nothing unconfirmed counts) to [`MOST_SECONDS`] seconds; none if it is longer.
    pub const fn from_seconds(seconds: u64) -> Option<Self> {
        if seconds > MOST_SECONDS {
            return None;
        }
        Some(Self { ms: seconds * 1000 })
    }

    /// In milliseconds.
    pub const fn ms(self) -> u64 {
        self.ms
    }
}

impl Default for StaleWindow {
    fn default() -> Self {
        Self {
            ms: DEFAULT_SECONDS * 1000,
        }
    }
}

/// Long enough for a restart, short enough that a revocation is not a promise for tomorrow (security 3).
pub const DEFAULT_SECONDS: u64 = 60;

/// A replica that is cut off lets a revoked key in for at most five minutes, whatever is configured (security 3).
pub const MOST_SECONDS: u64 = 300;
