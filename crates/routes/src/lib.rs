//! Listener rules: model, matching, readers and writers, the prover and the diff.
//!
//! Pure: no async, files, sockets, environment, clock or randomness. It must not print, and it must not guess: what
//! can't be decided within its budget is a failure.
//!
//! - [`model::Table`] is one front door: listeners with rules, target groups, intent.
//! - [`findings::check`] finds what is wrong, with a shortest request that shows it and a proven repair;
//!   [`prover`] answers the questions behind it.
//! - [`diff::diff`] lists the requests whose target changes between two tables.
//! - [`graph::graph`] is a picture of a table, drawn as text or SVG.
//! - [`reader`] makes a table of a text, [`writer`] a text of a table.
//! - [`matcher::select`] says which rule a request selects; [`explain::explain`] says why.
//!
//! To add a finding, follow the steps in [`findings`]; to add a form of text, those in [`reader`].

pub mod arrival;
pub mod diff;
pub mod explain;
pub mod finding;
pub mod findings;
pub mod fix;
pub mod graph;
pub mod matcher;
pub mod model;
pub mod prover;
pub mod questions;
pub mod reader;
pub mod request;
pub mod source;
pub mod writer;

#[cfg(test)]
mod testing;
