//! The data plane: listeners that enforce a rule table.
//!
//! It forwards what a rule sends to a target group, answers what no rule matches, and never guesses: a table that asks
//! for something it can't do ([`unsupported::Unsupported`]) does not start.
//!
//! - [`door::FrontDoor::start`] binds the listeners of a table and serves.
//! - `forward.rs` is one request on its way; `headers.rs` what it may carry; `group.rs` and `health.rs` where it can go.

mod answer;
pub mod door;
mod forward;
mod group;
mod headers;
mod health;
pub mod unsupported;
