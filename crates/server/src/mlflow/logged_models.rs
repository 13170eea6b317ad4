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
use hokusai_core::run::check_count;
use hokusai_core::text_limit;
use hokusai_store::{Tx, logged_models};

use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::rule;

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
    let named = |name, limit| {
        let text = params.opt_text(name, limit)?;
        Ok::<_, ApiError>(text.filter(|text| !text.is_empty()))
    };
    Ok(Dataset {
        name: named("dataset_name", text_limit::DATASET_NAME)?,
        digest: named("dataset_digest", text_limit::DATASET_DIGEST)?,
    })
}

/// Key and value of each entry of a list; of two with one key the last counts.
fn pairs(params: &Params, field: &'static str) -> Result<Vec<(String, String)>, ApiError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let entries = params.objects(field)?;
    check_count(field, entries.len(), MOST_PAIRS).map_err(rule)?;
    for raw in entries {
        let text = |name, limit| Ok::<_, ApiError>(raw.opt_text(name, limit)?.unwrap_or_default());
        let key = text("key", text_limit::LOGGED_MODEL_KEY)?;
        pairs.retain(|seen| seen.0 != key);
        pairs.push((key, text("value", text_limit::LOGGED_MODEL_VALUE)?));
    }
    Ok(pairs)
}

/// Of params or tags of one request: MLflow's client sends a hundred at a time.
const MOST_PAIRS: usize = 1000;
