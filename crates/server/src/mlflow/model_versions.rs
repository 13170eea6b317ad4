//! Versions of registered models: a file per endpoint.

mod body;
mod create;
mod delete;
mod get;
mod get_artifact;
mod search;
mod source;
mod tag;
mod transition;
mod update;

pub use create::create;
pub use delete::delete;
pub use get::{download_uri, get};
pub use get_artifact::get_artifact;
pub use search::search;
pub use tag::{delete_tag, set_tag};
pub use transition::transition;
pub use update::update;

pub(crate) use body::version_body;
pub(crate) use create::note_on_logged_model;

use hokusai_core::model::{ModelName, VersionNumber};
use hokusai_store::{Tx, model_versions, models};

use super::registered_models::rule;
use crate::error::ApiError;
use crate::json::Params;

/// A required version, as text: a number is refused, as MLflow does.
pub(crate) fn version_number(params: &Params) -> Result<VersionNumber, ApiError> {
    params.required_str("version")?.parse().map_err(rule)
}

/// MLflow's words for a version that is not there.
pub(crate) fn no_version(name: &ModelName, version: VersionNumber) -> ApiError {
    ApiError::missing(format!(
        "Model Version (name={name}, version={version}) not found"
    ))
}

/// The model's number, when the version exists.
pub(crate) fn existing(
    tx: &mut dyn Tx,
    name: &ModelName,
    version: VersionNumber,
) -> Result<i64, ApiError> {
    if model_versions::get(tx, name, version)?.is_none() {
        return Err(no_version(name, version));
    }
    models::id(tx, name)?.ok_or_else(|| no_version(name, version))
}
