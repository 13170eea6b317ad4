//! Experiments.

pub(in crate::mlflow) mod body;
mod create;
mod get;
mod lifecycle;
mod search;
mod tag;
mod update;

use hokusai_core::experiment::{Experiment, Lifecycle};
use hokusai_store::{Tx, experiments};

pub use create::create;
pub use get::{get, get_by_name};
pub use lifecycle::{delete, restore};
pub use search::search;
pub use tag::{delete_tag, set_tag};
pub use update::update;

use crate::error::ApiError;
use crate::json::Params;

/// The experiment's number, from the string that it is at the edge.
fn experiment_id(params: &Params) -> Result<i64, ApiError> {
    parse_id(&params.required_str("experiment_id")?)
}

/// Reads an experiment's number.
pub(in crate::mlflow) fn parse_id(raw: &str) -> Result<i64, ApiError> {
    raw.trim().parse().map_err(|_| {
        ApiError::invalid(format!(
            "Invalid experiment ID '{raw}'. Experiment ID must be a valid integer."
        ))
    })
}

fn no_experiment(id: i64) -> ApiError {
    ApiError::missing(format!("No Experiment with id={id} exists"))
}

/// The experiment, which must be there and not be deleted.
pub(in crate::mlflow) fn active(tx: &mut dyn Tx, id: i64) -> Result<Experiment, ApiError> {
    let experiment = experiments::get(tx, id)?.ok_or_else(|| no_experiment(id))?;
    if experiment.lifecycle == Lifecycle::Active {
        return Ok(experiment);
    }
    Err(ApiError::invalid(format!(
        "The experiment {id} must be in the 'active' state. Current state is {}.",
        experiment.lifecycle.as_str()
    )))
}
