//! Logged models: a file per endpoint.

mod body;
mod create;
mod delete;
mod finalize;
mod get;
mod params;
mod search;
mod tags;

pub use create::create;
pub use delete::delete;
pub use finalize::finalize;
pub use get::get;
pub use params::log_params;
pub use search::search;
pub use tags::{delete_tag, set_tags};

use hokusai_core::logged_model::{Dataset, LoggedModel};
use hokusai_store::{Tx, logged_models};

use crate::error::ApiError;
use crate::json::Params;

/// The logged model with this id, or the refusal.
pub(crate) fn existing(
    tx: &mut dyn Tx,
    model_id: &str,
    allow_deleted: bool,
) -> Result<LoggedModel, ApiError> {
    logged_models::get(tx, model_id, allow_deleted)?.ok_or_else(|| no_logged_model(model_id))
}

/// MLflow's words for a logged model that is not there.
pub(crate) fn no_logged_model(model_id: &str) -> ApiError {
    ApiError::missing(format!("Logged model with ID '{model_id}' not found."))
}

/// The dataset that a request names beside a metric; what is empty is not named.
pub(crate) fn dataset(params: &Params) -> Result<Dataset, ApiError> {
    let named = |name| Ok::<_, ApiError>(params.opt_str(name)?.filter(|text| !text.is_empty()));
    Ok(Dataset {
        name: named("dataset_name")?,
        digest: named("dataset_digest")?,
    })
}

/// Key and value of each entry of a list; of two with one key the last counts.
fn pairs(params: &Params, field: &str) -> Result<Vec<(String, String)>, ApiError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for raw in params.objects(field)? {
        let key = raw.opt_str("key")?.unwrap_or_default();
        pairs.retain(|seen| seen.0 != key);
        pairs.push((key, raw.opt_str("value")?.unwrap_or_default()));
    }
    Ok(pairs)
}
