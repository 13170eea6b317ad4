//! `GET /api/v1/usage/aggregate` and `/api/v1/usage/{id}/aggregate`: reported use day by day.

use axum::Json;
use axum::extract::State;
use hokusai_core::usage::Day;
use hokusai_store::usage;
use serde_json::{Value, json};

use super::super::create::service_id;
use super::super::{unprocessable, visible, visible_ids};
use super::{AVERAGE, COMPUTE, ERROR_RATE, PREDICTIONS, REPORTED_REQUESTS, reported, sum};
use crate::auth::service::AuthService;
use crate::auth::view::{day, month};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, QueryParams};
use crate::openapi::{Answer, Field, Operation, Shape};
use crate::path::Path;

/// Over every key that the caller may see.
pub async fn all(
    State(service): State<AuthService>,
    caller: Caller,
    QueryParams(params): QueryParams,
) -> Result<Json<Value>, ApiError> {
    let ids = visible_ids(&service, &caller);
    answer(&service, ids, &params).await
}

/// Of one key.
pub async fn one(
    State(service): State<AuthService>,
    caller: Caller,
    Path(id): Path<String>,
    QueryParams(params): QueryParams,
) -> Result<Json<Value>, ApiError> {
    let record = visible(&service, &caller, &id)?;
    answer(&service, vec![record.id.clone()], &params).await
}

async fn answer(
    service: &AuthService,
    ids: Vec<String>,
    params: &Params,
) -> Result<Json<Value>, ApiError> {
    let asked = params.opt_str("service_id")?;
    let wanted = asked
        .as_deref()
        .map(|raw| service_id(Some(raw)))
        .transpose()?;
    let now_ms = service.clock().now_ms();
    let read = |field: &'static str, missing: String| {
        let raw = params.opt_str(field)?.unwrap_or(missing);
        Day::parse(field, &raw).map_err(|error| unprocessable(&error))
    };
    let from = read("start_date", format!("{}-01", month(now_ms)))?;
    let until = read("end_date", day(now_ms).as_str().to_owned())?;
    if from > until {
        return Err(unprocessable(&"`start_date` must not be after `end_date`"));
    }
    service.flush().await?;
    let (keys, first, last) = (ids.len(), from.clone(), until.clone());
    let mut days = service
        .store()
        .read(move |tx| usage::by_day(tx, &ids, &first, &last))
        .await?;
    days.retain(|(_, service_id, _)| wanted.as_ref().is_none_or(|wanted| wanted == service_id));
    days.truncate(MOST_ROWS);
    let rows: Vec<Value> = days
        .iter()
        .map(|(day, service_id, totals)| {
            let mut fields = reported(*totals);
            fields.insert("date".to_owned(), day.as_str().into());
            fields.insert("service_id".to_owned(), service_id.as_str().into());
            fields.into()
        })
        .collect();
    Ok(Json(json!({
        "start_date": from.as_str(),
        "end_date": until.as_str(),
        "keys": keys,
        "total": reported(sum(days.iter().map(|(.., totals)| totals))),
        "days": rows,
    })))
}

/// Ten years of three services.
const MOST_ROWS: usize = 11_000;

const DAY: Shape = Shape::Object(&[
    Field::always("date", Shape::Text, "YYYY-MM-DD"),
    Field::always("service_id", Shape::Text, ""),
    REPORTED_REQUESTS,
    PREDICTIONS,
    COMPUTE,
    AVERAGE,
    ERROR_RATE,
]);

/// For the document.
pub const DOC: Operation = Operation {
    summary: "Reported use day by day",
    query: &[
        Field::maybe(
            "service_id",
            Shape::Text,
            "platform, website or prediction; all if nothing is said",
        ),
        Field::maybe(
            "start_date",
            Shape::Text,
            "YYYY-MM-DD; the first of this month if nothing is said",
        ),
        Field::maybe(
            "end_date",
            Shape::Text,
            "YYYY-MM-DD; today if nothing is said",
        ),
    ],
    refusals: &[422],
    answer: Answer::Json(Shape::Object(&[
        Field::always("start_date", Shape::Text, ""),
        Field::always("end_date", Shape::Text, ""),
        Field::always("keys", super::COUNT, "how many keys were summed"),
        Field::always(
            "total",
            Shape::Object(&[REPORTED_REQUESTS, PREDICTIONS, COMPUTE, AVERAGE, ERROR_RATE]),
            "",
        ),
        Field::always("days", Shape::List(&Shape::Named("DayUsage", &DAY)), ""),
    ])),
    ..Operation::answering("", Shape::Any)
};
