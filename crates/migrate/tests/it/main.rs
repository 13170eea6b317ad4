//! The state machine against an installation in memory: every crash point, every fault, both starts.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod crashes;
mod faults;
mod journal;
mod world;
