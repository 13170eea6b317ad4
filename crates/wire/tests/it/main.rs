//! The listener over real sockets.

#![expect(
    clippy::unwrap_used,
    reason = "a failure in a test's helper is the test's failure"
)]

mod ambiguity;
mod cases;
mod h2_cases;
mod recorder;
mod serving;
mod tls;
