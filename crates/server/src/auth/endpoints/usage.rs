//! `GET /api/v1/usage/{id}/stats`: how much a key was used.

use axum::Json;
use axum::extract::{Path, Query, State};
use hokusai_store::keys;
use serde::Deserialize;
use serde_json::{Value, json};

use super::visible;
use crate::auth::service::AuthService;
use crate::auth::view::month;
use crate::caller::Caller;
use crate::error::ApiError;

/// Which month, as `YYYY-MM`; this one if nothing is said.
#[derive(Deserialize)]
pub struct Period {
    period: Option<String>,
}

/// Requests and refusals of a month.
pub async fn stats(
    State(service): State<AuthService>,
    caller: Caller,
    Path(id): Path<String>,
    Query(Period { period }): Query<Period>,
) -> Result<Json<Value>, ApiError> {
    let record = visible(&service, &caller, &id)?;
    service.flush().await?;
    let period = period.unwrap_or_else(|| month(service.clock().now_ms()));
    let usage = service.store().read(move |tx| keys::usage(tx, &id)).await?;
    let (requests, refusals) = usage
        .into_iter()
        .find(|(month, ..)| *month == period)
        .map_or((0, 0), |(_, requests, refusals)| (requests, refusals));
    Ok(Json(
        json!({"key_id": record.id, "period": period, "total_requests": requests, "total_refusals": refusals}),
    ))
}
