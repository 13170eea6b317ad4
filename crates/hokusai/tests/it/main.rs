//! Tests of the built binary.
#![expect(clippy::unwrap_used, reason = "fixtures of tests fail by panicking")]

mod config;
mod route_forms;
mod incident;
mod routes;
