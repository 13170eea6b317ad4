//! `GET model-versions/search`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::search::{Query, Target};
use hokusai_store::model_search;
use serde_json::{Map, Value};

use super::version_body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, wrong_type};
use crate::mlflow::page_token;
use crate::mlflow::registered_models::rule;
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
    let max_results = params.opt_i64("max_results")?.unwrap_or(DEFAULT_RESULTS);
    if max_results > MAX_RESULTS {
        return Err(wrong_type("max_results", &max_results.into()));
    }
    if max_results < 1 {
        return Err(rule(format!(
            "Invalid value for max_results. It must be a positive integer, but got {max_results}"
        )));
    }
    let order_by = params.str_list("order_by")?;
    let offset = page_token::decode(params.opt_str("page_token")?.as_deref())?;
    let query = Query::parse(Target::Versions, &filter, &order_by).map_err(rule)?;
    let mut versions = state
        .store
        .read(move |tx| {
            model_search::versions(tx, &query, offset, max_results + 1).map_err(ApiError::from)
        })
        .await?;
    let mut body = Map::new();
    let page = usize::try_from(max_results).unwrap_or(usize::MAX);
    if versions.len() > page {
        versions.truncate(page);
        body.insert(
            "next_page_token".to_owned(),
            page_token::encode(offset + max_results).into(),
        );
    }
    if !versions.is_empty() {
        let versions: Vec<Value> = versions.iter().map(version_body).collect();
        body.insert("model_versions".to_owned(), versions.into());
    }
    Ok(Json(body.into()))
}
