//! `POST experiments/search`, and GET for the web interface.

use axum::Json;
use axum::extract::State;
use hokusai_core::search::{Query, Target};
use hokusai_store::search_sql;
use serde_json::Value;

use super::body::experiment_body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::{rule, search_request};
use crate::registry::RegistryState;

/// Searches experiments. Without a page size the request is refused, as at the real server.
pub async fn search(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let view = search_request::view(&params, "view_type");
    let order_by = params.str_list("order_by")?;
    let filter = params.opt_str("filter")?.unwrap_or_default();
    let page = search_request::page(&params, 0)?;
    let query = Query::parse(Target::Experiments, &filter, &order_by).map_err(rule)?;
    let found = state
        .store
        .read(move |tx| search_sql::experiments(tx, &query, view, page).map_err(ApiError::from))
        .await?;
    let bodies = found.iter().map(experiment_body).collect();
    Ok(Json(search_request::answer("experiments", page, bodies)))
}
