//! MLflow's REST API. A folder per entity, a file per endpoint, all routes on one page.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::json::Params;

pub mod artifacts;
mod describe;
pub mod experiments;
pub mod logged_models;
pub mod metrics;
pub mod model_versions;
pub mod page_token;
pub mod registered_models;
pub mod routes;
pub mod runs;
pub(crate) mod search_request;
pub mod server_info;

/// A refusal by one of core's rules, in the rule's words.
fn rule(error: impl std::fmt::Display) -> ApiError {
    ApiError::invalid(error.to_string())
}

/// Keys and values as clients read them: `[{"key": …, "value": …}]`.
fn pairs(pairs: &[(String, String)]) -> Value {
    pairs
        .iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect()
}

/// The tags of a request that creates something.
fn read_tags(params: &Params) -> Result<Vec<(String, String)>, ApiError> {
    params
        .objects("tags")?
        .iter()
        .map(|tag| {
            let text = |name| Ok::<_, ApiError>(tag.opt_str(name)?.unwrap_or_default());
            Ok((text("key")?, text("value")?))
        })
        .collect()
}
