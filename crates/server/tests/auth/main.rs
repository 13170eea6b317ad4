//! The auth service through its public surface.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod contract;
mod management;
mod matrix;
mod openapi;
mod reasons;
mod remote;
mod strangers;
mod usage;
mod world;
