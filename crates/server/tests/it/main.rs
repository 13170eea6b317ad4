//! The registry through its router, on a real database and a real disk.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "fixtures of tests fail by panicking"
)]

mod app;
mod artifacts;
mod audit;
mod metrics;
mod models;
mod openapi;
mod space;
mod tracking;
mod uris;
