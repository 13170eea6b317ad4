//! Listener rules: model, matching, readers and writers, the prover and the diff.
//!
//! Pure: no async, files, sockets, environment, clock or randomness. It must not print, and it must not guess: what
//! can't be decided within its budget is a failure.
//!
//! - [`model::Table`] is one front door: listeners with rules, target groups, intent.
//! - [`reader`] makes one of a text.
//! - [`matcher::select`] says which rule a request selects; [`explain::explain`] says why.

pub mod explain;
pub mod finding;
pub mod fix;
pub mod matcher;
pub mod model;
pub mod prover;
pub mod reader;
pub mod request;
pub mod source;

#[cfg(test)]
mod testing;
