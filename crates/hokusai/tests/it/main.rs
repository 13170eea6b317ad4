//! Tests of the built binary.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "fixtures of tests fail by panicking, and real processes live in real time"
)]

mod audit;
mod bootstrap;
mod callers;
mod config;
mod flood;
mod incident;
mod process;
mod route_forms;
mod routes;
mod split;
mod verify;
