//! Registered models: a file per endpoint.

pub(super) mod alias;
pub(crate) mod body;
mod create;
mod delete;
mod get;
mod latest_versions;
mod rename;
mod search;
mod tag;
mod update;

pub use alias::{delete_alias, get_by_alias, set_alias};
pub use create::create;
pub use delete::delete;
pub use get::get;
pub use latest_versions::latest_versions;
pub use rename::rename;
pub use search::search;
pub use tag::{delete_tag, set_tag};
pub use update::update;

use hokusai_core::model::{ModelName, ModelTag};

use crate::error::ApiError;
use crate::json::Params;

/// A required model name.
pub(crate) fn model_name(params: &Params, field: &str) -> Result<ModelName, ApiError> {
    params.required_str(field)?.parse().map_err(rule)
}

/// A refusal by one of core's rules, in the rule's words.
pub(crate) fn rule(error: impl std::fmt::Display) -> ApiError {
    ApiError::invalid(error.to_string())
}

/// MLflow's words for a model that is not there.
pub(crate) fn no_model(name: &ModelName) -> ApiError {
    ApiError::missing(format!("Registered Model with name={name} not found"))
}

/// The tag of a set-tag request.
pub(crate) fn one_tag(params: &Params) -> Result<ModelTag, ApiError> {
    let key = params.required_str("key")?;
    ModelTag::new(&key, &params.opt_str("value")?.unwrap_or_default()).map_err(rule)
}

/// The tags of a create request; of two with one key the last counts.
pub(crate) fn tags(params: &Params) -> Result<Vec<ModelTag>, ApiError> {
    let mut tags: Vec<ModelTag> = Vec::new();
    for raw in params.objects("tags")? {
        let (key, value) = (
            raw.opt_str("key")?.unwrap_or_default(),
            raw.opt_str("value")?.unwrap_or_default(),
        );
        let tag = ModelTag::new(&key, &value).map_err(rule)?;
        tags.retain(|seen| seen.key() != tag.key());
        tags.push(tag);
    }
    Ok(tags)
}
