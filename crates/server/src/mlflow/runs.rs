//! Runs and what they log.

pub(in crate::mlflow) mod body;
mod create;
mod get;
mod inputs;
mod lifecycle;
mod log_batch;
mod log_metric;
mod log_model;
mod log_parameter;
mod points;
mod search;
mod tag;
mod update;

use std::borrow::Borrow;

use hokusai_core::experiment::Lifecycle;
use hokusai_core::run::RunInfo;
use hokusai_store::{Tx, runs};

pub use create::create;
pub use get::get;
pub use inputs::{log_inputs, log_outputs};
pub use lifecycle::{delete, restore};
pub use log_batch::log_batch;
pub(crate) use log_metric::LogMetric;
pub use log_metric::log_metric;
pub use log_model::log_model;
pub use log_parameter::log_parameter;
pub use search::search;
pub use tag::{delete_tag, set_tag};
pub use update::update;

use crate::error::ApiError;

/// The tag in which clients keep a run's name; it and the name are one.
const RUN_NAME_TAG: &str = "mlflow.runName";

fn no_run(run_id: &str) -> ApiError {
    ApiError::missing(format!("Run with id={run_id} not found"))
}

/// The run, which must be there and not be deleted.
fn active(tx: &mut dyn Tx, run_id: &str) -> Result<RunInfo, ApiError> {
    must_be_active(runs::info(tx, run_id)?, run_id)
}

fn must_be_active<R: Borrow<RunInfo>>(run: Option<R>, run_id: &str) -> Result<R, ApiError> {
    let run = run.ok_or_else(|| no_run(run_id))?;
    let lifecycle = run.borrow().lifecycle;
    if lifecycle == Lifecycle::Active {
        return Ok(run);
    }
    Err(ApiError::invalid(format!(
        "The run {run_id} must be in the 'active' state. Current state is {}.",
        lifecycle.as_str()
    )))
}

/// Sets tags; the one that holds the run's name renames the run too.
fn set_tags(tx: &mut dyn Tx, run: &RunInfo, tags: &[(String, String)]) -> Result<(), ApiError> {
    if let Some((_, name)) = tags.iter().rev().find(|(key, _)| key == RUN_NAME_TAG) {
        let renamed = RunInfo {
            name: name.clone(),
            ..run.clone()
        };
        runs::update(tx, &renamed)?;
    }
    runs::set_tags(tx, run, tags).map_err(ApiError::from)
}
