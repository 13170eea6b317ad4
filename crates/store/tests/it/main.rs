//! Operations of the store through its public surface.
#![expect(clippy::unwrap_used, reason = "fixtures of tests fail by panicking")]

mod models;
mod postgres;
mod statements;
