//! Time as an argument.

/// Where the time comes from.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01 UTC, as MLflow stores them. May jump.
    fn now_ms(&self) -> i64;

    /// Milliseconds since some fixed moment. Never goes back: for deadlines, limits and cache bounds.
    fn monotonic_ms(&self) -> u64;
}
