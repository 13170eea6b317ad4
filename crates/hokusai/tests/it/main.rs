//! Tests of the built binary.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "fixtures of tests fail by panicking, and real processes live in real time"
)]

mod audit;
mod backup;
mod bootstrap;
mod bucket;
mod callers;
#[path = "../../../wire/tests/it/cases.rs"]
mod cases;
mod config;
mod db;
mod flood;
mod front_door;
#[path = "../../../wire/tests/it/h2_cases.rs"]
#[expect(dead_code, reason = "services are asked only what they must refuse")]
mod h2_cases;
mod home;
mod immutable;
mod incident;
mod leaks;
mod listeners;
mod malformed;
mod pipes;
mod process;
mod register;
mod route_forms;
mod routes;
mod served;
mod split;
mod verify;
