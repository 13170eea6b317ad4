//! `GET metrics/get-history`.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hokusai_store::{metrics, runs};
use serde::Serialize;

use super::MOST_POINTS;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::page_token;
use crate::mlflow::runs::body::PointBody;
use crate::registry::RegistryState;

/// Reads a page of a metric's history, in the order of time; a run that is not there has none.
pub async fn get_history(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Response, ApiError> {
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
    let next_page_token = (points.len() > page).then(|| {
        points.truncate(page);
        page_token::encode(offset + limit)
    });
    let metrics = points.iter().map(PointBody::new).collect();
    let body = History {
        metrics,
        next_page_token,
    };
    Ok(Json(body).into_response())
}

#[derive(Serialize)]
struct History<'r> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<PointBody<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}
