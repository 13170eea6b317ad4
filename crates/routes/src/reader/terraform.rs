//! Terraform: its source, and what `terraform show -json` prints of a plan or a state.
//!
//! Each becomes a list of resources, and `table` makes listeners, rules and target groups of those. Terraform is
//! never run.

mod action;
mod address;
mod group;
mod overlay;
pub mod plan;
mod references;
mod resource;
mod rule;
pub mod source;
pub mod state;
mod table;
