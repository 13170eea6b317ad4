//! The data plane: listeners that enforce a rule table.
//!
//! It forwards what a rule sends to a target group, answers what no rule matches, and never guesses: a table that asks
//! for something it can't do ([`unsupported::Unsupported`]), or that is not proven ([`load`]), does not run.
//!
//! - [`door::FrontDoor::start`] binds the listeners of a table and serves. [`admin`] changes what is enforced.
//! - `forward.rs` is one request on its way, `exchange.rs` its meeting with a target; `headers.rs` what it may carry;
//!   `group.rs`, `health.rs`, `pool.rs` and `service.rs` where it can go.
//! - `installed.rs` is what is enforced at one moment, `generation.rs` a table made ready for it; `control.rs` and
//!   `follow.rs` are all that replaces the one by the other.
//!
//! To add an action or a transform: its carrying out in `forward.rs` or `transform.rs`, its refusal, if there is one, in
//! [`unsupported`].

pub mod admin;
mod answer;
pub mod body;
mod certificates;
pub mod clear;
mod control;
pub mod door;
mod exchange;
mod follow;
mod forward;
mod generation;
mod group;
mod headers;
mod health;
mod hex;
mod installed;
pub mod load;
mod mask;
mod metrics;
mod pool;
mod redirect;
mod request_id;
pub mod service;
mod shared;
mod sticky;
mod transform;
pub mod unsupported;
mod websocket;
