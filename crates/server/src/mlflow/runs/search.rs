//! `POST runs/search`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hokusai_core::run::check_count;
use hokusai_core::search::{Query, Target};
use hokusai_store::search_sql;
use serde::Serialize;
use serde_json::Value;

use super::body::RunBody;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, wrong_type};
use crate::mlflow::{experiments, rule, search_request};
use crate::registry::RegistryState;

/// Searches the runs of some experiments.
pub async fn search(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Response, ApiError> {
    for name in ["experiment_ids", "order_by"] {
        if let Some(text @ Value::String(_)) = params.value(name) {
            return Err(wrong_type(name, text));
        }
    }
    let ids = params.str_list("experiment_ids")?;
    check_count(
        "experiment_ids",
        ids.len(),
        search_request::MOST_EXPERIMENTS,
    )
    .map_err(rule)?;
    let filter = params.opt_str("filter")?.unwrap_or_default();
    let order_by = params.str_list("order_by")?;
    let page = search_request::page(&params, DEFAULT_RESULTS)?;
    let view = search_request::view(&params, "run_view_type");
    let query = Query::parse(Target::Runs, &filter, &order_by).map_err(rule)?;
    let experiments = ids
        .iter()
        .map(|id| experiments::parse_id(id))
        .collect::<Result<Vec<_>, _>>()?;
    let mut found = state
        .store
        .read(move |tx| {
            search_sql::runs(tx, &experiments, &query, view, page).map_err(ApiError::from)
        })
        .await?;
    let next_page_token = search_request::cut(page, &mut found);
    let runs = found.iter().map(RunBody::found).collect();
    let body = FoundRuns {
        runs,
        next_page_token,
    };
    Ok(Json(body).into_response())
}

#[derive(Serialize)]
struct FoundRuns<'r> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    runs: Vec<RunBody<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// The real server's default.
const DEFAULT_RESULTS: i64 = 1000;
