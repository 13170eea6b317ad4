//! `GET registered-models/search`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::search::{Query, Target};
use hokusai_store::model_search;
use serde_json::{Map, Value};

use super::body::model_body;
use super::rule;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, wrong_type};
use crate::mlflow::page_token;
use crate::registry::RegistryState;

/// MLflow's default page.
const DEFAULT_RESULTS: i64 = 100;
/// MLflow's largest page.
const MAX_RESULTS: i64 = 1000;

/// Registered models that match a filter; prompts only when asked for.
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
    let max_results = max_results.max(0);
    let order_by = params.str_list("order_by")?;
    let offset = page_token::decode(params.opt_str("page_token")?.as_deref())?;
    let query = Query::parse(Target::Models, &filter, &order_by).map_err(rule)?;
    let mut models = state
        .store
        .read(move |tx| {
            model_search::models(tx, &query, offset, max_results + 1).map_err(ApiError::from)
        })
        .await?;
    let mut body = Map::new();
    let page = usize::try_from(max_results).unwrap_or(usize::MAX);
    if models.len() > page {
        models.truncate(page);
        body.insert(
            "next_page_token".to_owned(),
            page_token::encode(offset + max_results).into(),
        );
    }
    if !models.is_empty() {
        let models: Vec<Value> = models.iter().map(model_body).collect();
        body.insert("registered_models".to_owned(), models.into());
    }
    Ok(Json(body.into()))
}
