//! The routes crate through its public surface.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod diff;
mod enumeration;
mod round_trip;
mod world;
