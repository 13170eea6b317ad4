//! Checks a running deployment from the outside, and names the cause of what is wrong.
//!
//! Everything but [`probing`] is pure: [`plan::plan`] says what to ask, [`verdict::judge`] what the answers mean,
//! [`diagnosis::diagnose`] why, [`report`] how it reads. It must not print, must not guess, and must never let a key reach
//! a place that has not just shown who it is.
//!
//! To add a check: a [`probe::Probe`] in the file of its area in `plan/`, and, if none of [`probe::Expect`] says what a good
//! answer is, a variant with its arm in `verdict/`. To add a cause: follow the steps in [`diagnosis`].

pub mod deployment;
pub mod diagnosis;
pub mod endpoint;
pub mod facts;
pub mod foreign;
pub mod observation;
pub mod plan;
pub mod probe;
pub mod probing;
pub mod report;
pub mod verdict;
