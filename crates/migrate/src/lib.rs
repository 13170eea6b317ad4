//! The migration from a shared load balancer to dedicated ones: a state machine with a journal on disk.
//!
//! The machine ([`machine::Migration`]) knows the steps and their order, the error budget and the way back. What it acts on
//! stands behind seams: [`cloud::Cloud`] (two real ones: Hokusai's own front door, and AWS), [`machine::Prober`] (the verifier),
//! [`machine::Proof`] (the stock MLflow client), [`machine::Operator`] and the clock. It must not print, and it must not
//! change anything that the journal has not named before: whoever finds the journal after a crash can go on or go back.
//!
//! - [`plan::Plan`] is what was agreed to, with a hash: the two tables, exactly which requests move, weights, hold.
//! - [`journal::Journal`] is the file, [`state::State`] what it amounts to; both survive `kill -9` at any moment.
//! - [`probes`] holds the baseline and the budget: a step may not turn a green probe red.
//! - [`record`] writes the Markdown record with the ticked checklist.
//!
//! To add a step: a variant of [`step::Step`] in its place in [`step::Step::sequence`], an arm in `machine/forward.rs`, and what
//! undoes it in `machine/rollback.rs`. To add a cloud: implement [`cloud::Cloud`]; every method is idempotent.

pub mod cloud;
pub mod journal;
pub mod machine;
pub mod plan;
pub mod probes;
pub mod record;
pub mod state;
pub mod step;
