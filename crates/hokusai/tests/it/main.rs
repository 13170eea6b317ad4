//! Tests of the built binary.
#![expect(clippy::unwrap_used, reason = "fixtures of tests fail by panicking")]

mod config;
mod incident;
mod route_forms;
mod routes;
