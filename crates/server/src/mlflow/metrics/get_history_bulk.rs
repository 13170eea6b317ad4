//! `GET metrics/get-history-bulk`, which the web interface asks for.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hokusai_store::{metrics, runs};
use serde::Serialize;

use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::runs::body::PointBody;
use crate::registry::RegistryState;

/// Reads one metric of several runs.
pub async fn get_history_bulk(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Response, ApiError> {
    let mut run_ids = params.str_list("run_id")?;
    if run_ids.is_empty() {
        return Err(ApiError::invalid(
            "GetMetricHistoryBulk request must specify at least one run_id.",
        ));
    }
    if run_ids.len() > MOST_RUNS {
        return Err(ApiError::invalid(format!(
            "GetMetricHistoryBulk request cannot specify more than {MOST_RUNS} run_ids. Received {} run_ids.",
            run_ids.len()
        )));
    }
    let key = params.opt_str("metric_key")?.ok_or_else(|| {
        ApiError::invalid("GetMetricHistoryBulk request must specify a metric_key.")
    })?;
    let limit = params
        .opt_i64("max_results")?
        .unwrap_or(MOST_POINTS)
        .clamp(0, MOST_POINTS);
    run_ids.sort();
    let points = state
        .store
        .read(move |tx| {
            let mut points = Vec::new();
            for run_id in &run_ids {
                let left = limit - i64::try_from(points.len()).unwrap_or(limit);
                let Some(run) = runs::info(tx, run_id)?.filter(|_| left > 0) else {
                    continue;
                };
                for metric in metrics::history(tx, &run, &key, left, 0)? {
                    points.push((run_id.clone(), metric));
                }
            }
            Ok::<_, ApiError>(points)
        })
        .await?;
    let metrics = points
        .iter()
        .map(|(run_id, metric)| PointBody::of_run(metric, run_id))
        .collect();
    Ok(Json(Histories { metrics }).into_response())
}

#[derive(Serialize)]
struct Histories<'r> {
    metrics: Vec<PointBody<'r>>,
}

/// Runs of one request (the real server's limit).
const MOST_RUNS: usize = 100;
/// Points of one answer (the real server's limit).
const MOST_POINTS: i64 = 25_000;
