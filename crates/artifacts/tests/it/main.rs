//! The store through its public surface, on a real disk and at a real S3 server.
#![expect(clippy::unwrap_used, reason = "fixtures of tests fail by panicking")]
#![expect(clippy::panic, reason = "fixtures of tests fail by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "the age of strays on a real disk is real time"
)]

mod away;
mod both;
mod bucket;
mod directory;
mod fixture;
