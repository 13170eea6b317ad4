//! `GET metrics/get-history`.

use axum::Json;
use axum::extract::State;
use hokusai_store::{metrics, runs};
use serde_json::{Map, Value};

use super::MOST_POINTS;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::page_token;
use crate::mlflow::runs::body::metrics_body;
use crate::registry::RegistryState;

/// Reads a page of a metric's history, in the order of time; a run that is not there has none.
pub async fn get_history(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let run_id = params.run_id()?;
    let key = params.required_str("metric_key")?;
    // The real server ignores a page size that is no number.
    let wanted = params.opt_i64("max_results").unwrap_or_default();
    let offset = page_token::decode(params.opt_str("page_token")?.as_deref())?;
    if let Some(wanted) = wanted.filter(|wanted| *wanted <= 0) {
        return Err(ApiError::invalid(format!(
            "Invalid value {wanted} for parameter 'max_results' supplied. It must be a positive integer."
        )));
    }
    let limit = wanted.unwrap_or(MOST_POINTS).min(MOST_POINTS);
    let mut points = state
        .store
        .read(move |tx| match runs::info(tx, &run_id)? {
            Some(run) => {
                metrics::history(tx, &run, &key, limit + 1, offset).map_err(ApiError::from)
            }
            None => Ok(Vec::new()),
        })
        .await?;
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut body = Map::new();
    if points.len() > page {
        points.truncate(page);
        let next = page_token::encode(offset + limit);
        body.insert("next_page_token".to_owned(), next.into());
    }
    if !points.is_empty() {
        body.insert("metrics".to_owned(), metrics_body(&points));
    }
    Ok(Json(body.into()))
}
