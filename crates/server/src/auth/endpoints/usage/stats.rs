//! `GET /api/v1/usage/{id}/stats`: how much a key was used in a month.

use axum::Json;
use axum::extract::State;
use hokusai_store::{StoreError, keys, usage};
use serde_json::{Value, json};

use super::super::visible;
use super::{
    AVERAGE, COMPUTE, COUNT, ERROR_RATE, PERIOD, PREDICTIONS, REPORTED_REQUESTS, period, reported,
    sum,
};
use crate::auth::service::AuthService;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::QueryParams;
use crate::openapi::{Answer, Field, Operation, Shape};
use crate::path::Path;

/// What was judged here and what services reported, of one month.
pub async fn stats(
    State(service): State<AuthService>,
    caller: Caller,
    Path(id): Path<String>,
    QueryParams(params): QueryParams,
) -> Result<Json<Value>, ApiError> {
    let record = visible(&service, &caller, &id)?;
    let period = period(&service, &params)?;
    service.flush().await?;
    let (key_id, month) = (record.id.clone(), period.clone());
    let (judged, totals, endpoints) = service
        .store()
        .read(move |tx| {
            let (first, last) = month.days();
            let ids = [key_id.clone()];
            Ok::<_, StoreError>((
                keys::usage(tx, &key_id)?,
                usage::by_day(tx, &ids, &first, &last)?,
                usage::top_endpoints(tx, &key_id, &month, MOST_SHOWN)?,
            ))
        })
        .await?;
    let (requests, refusals) = judged
        .into_iter()
        .find(|(month, ..)| month == period.as_str())
        .map_or((0, 0), |(_, requests, refusals)| (requests, refusals));
    let top: Vec<Value> = endpoints
        .into_iter()
        .map(|(endpoint, requests)| json!({"endpoint": endpoint, "requests": requests}))
        .collect();
    let mut answer = reported(sum(totals.iter().map(|(.., totals)| totals)));
    answer.insert("key_id".to_owned(), record.id.clone().into());
    answer.insert("period".to_owned(), period.as_str().into());
    answer.insert("total_requests".to_owned(), requests.into());
    answer.insert("total_refusals".to_owned(), refusals.into());
    answer.insert("top_endpoints".to_owned(), top.into());
    Ok(Json(answer.into()))
}

/// The busiest ten are what people look at.
const MOST_SHOWN: i64 = 10;

/// For the document.
pub const DOC: Operation = Operation {
    summary: "A key's use in a month",
    query: &[PERIOD],
    refusals: &[422],
    answer: Answer::Json(Shape::Object(&[
        Field::always("key_id", Shape::Text, ""),
        Field::always("period", Shape::Text, "YYYY-MM"),
        Field::always(
            "total_requests",
            COUNT,
            "requests that were let through here",
        ),
        Field::always("total_refusals", COUNT, "requests that were refused here"),
        REPORTED_REQUESTS,
        PREDICTIONS,
        COMPUTE,
        AVERAGE,
        ERROR_RATE,
        Field::always(
            "top_endpoints",
            Shape::List(&Shape::Object(&[
                Field::always("endpoint", Shape::Text, ""),
                Field::always("requests", COUNT, ""),
            ])),
            "the busiest ten that were reported",
        ),
    ])),
    ..Operation::answering("", Shape::Any)
};
