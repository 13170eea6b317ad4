//! The verifier against servers that do it no good.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a failure in a test's helper is the test's failure"
)]

mod leaks;
mod run;
mod server;
mod texts;
