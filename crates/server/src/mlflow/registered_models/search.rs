//! `GET registered-models/search`.

use axum::Json;
use axum::extract::State;
use hokusai_core::search::{Query, Target};
use hokusai_store::search_sql;
use serde_json::Value;

use super::body::model_body;
use super::rule;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::search_request;
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
    let wanted = search_request::wanted(&params, DEFAULT_RESULTS, MAX_RESULTS)?;
    let page = search_request::page_of(&params, wanted.max(0))?;
    let order_by = params.str_list("order_by")?;
    let query = Query::parse(Target::Models, &filter, &order_by).map_err(rule)?;
    let models = state
        .store
        .read(move |tx| search_sql::models(tx, &query, page).map_err(ApiError::from))
        .await?;
    let models = models.iter().map(model_body).collect();
    Ok(Json(search_request::answer(
        "registered_models",
        page,
        models,
    )))
}
