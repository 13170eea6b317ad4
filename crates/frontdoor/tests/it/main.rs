//! The front door over real sockets, with real targets behind it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failure in a test's helper is the test's failure"
)]

mod ambiguity;
#[path = "../../../wire/tests/it/cases.rs"]
mod cases;
mod deadlines;
mod forwarding;
mod h2;
#[path = "../../../wire/tests/it/h2_cases.rs"]
mod h2_cases;
mod health;
mod reload;
mod rules;
mod tables;
mod target;
mod tls;
mod websocket;
mod world;
