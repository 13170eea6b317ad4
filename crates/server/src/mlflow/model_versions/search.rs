//! `GET model-versions/search`.

use axum::Json;
use axum::extract::State;
use hokusai_core::search::{Query, Target};
use hokusai_store::search_sql;
use serde_json::Value;

use super::version_body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::registered_models::rule;
use crate::mlflow::search_request;
use crate::registry::RegistryState;

/// The page when the client names none. (MLflow's client asks for 10,000.)
const DEFAULT_RESULTS: i64 = 10_000;
/// MLflow's largest page.
const MAX_RESULTS: i64 = 200_000;

/// Versions that match a filter; those of prompts only when asked for.
pub async fn search(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let filter = params.opt_str("filter")?.unwrap_or_default();
    let wanted = search_request::wanted(&params, DEFAULT_RESULTS, MAX_RESULTS)?;
    if wanted < 1 {
        return Err(rule(format!(
            "Invalid value for max_results. It must be a positive integer, but got {wanted}"
        )));
    }
    let page = search_request::page_of(&params, wanted)?;
    let order_by = params.str_list("order_by")?;
    let query = Query::parse(Target::Versions, &filter, &order_by).map_err(rule)?;
    let versions = state
        .store
        .read(move |tx| search_sql::versions(tx, &query, page).map_err(ApiError::from))
        .await?;
    let versions = versions.iter().map(version_body).collect();
    Ok(Json(search_request::answer(
        "model_versions",
        page,
        versions,
    )))
}
