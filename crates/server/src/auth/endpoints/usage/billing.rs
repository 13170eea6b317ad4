//! `GET /api/v1/usage/{id}/billing`: what a month's bill is made from. Prices are not known here.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use hokusai_store::usage::{self, Totals};
use serde_json::{Value, json};

use super::super::visible;
use super::{
    AVERAGE, COMPUTE, ERROR_RATE, PERIOD, PREDICTIONS, REPORTED_REQUESTS, period, reported, sum,
};
use crate::auth::service::AuthService;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::QueryParams;
use crate::openapi::{Answer, Field, Operation, Shape};
use crate::path::Path;

/// Reported use of a month, service by service.
pub async fn billing(
    State(service): State<AuthService>,
    caller: Caller,
    Path(id): Path<String>,
    QueryParams(params): QueryParams,
) -> Result<Json<Value>, ApiError> {
    let record = visible(&service, &caller, &id)?;
    let period = period(&service, &params)?;
    service.flush().await?;
    let (ids, (first, last)) = ([record.id.clone()], period.days());
    let days = service
        .store()
        .read(move |tx| usage::by_day(tx, &ids, &first, &last))
        .await?;
    let mut by_service: BTreeMap<&str, Totals> = BTreeMap::new();
    for (_, service_id, totals) in &days {
        by_service.entry(service_id).or_default().add(*totals);
    }
    let services: Vec<Value> = by_service
        .iter()
        .map(|(service_id, totals)| {
            let mut fields = reported(*totals);
            fields.insert("service_id".to_owned(), (*service_id).into());
            fields.into()
        })
        .collect();
    Ok(Json(json!({
        "key_id": record.id,
        "period": period.as_str(),
        "billing_plan": "free",
        "total": reported(sum(by_service.values())),
        "services": services,
    })))
}

const TOTALS: Shape =
    Shape::Object(&[REPORTED_REQUESTS, PREDICTIONS, COMPUTE, AVERAGE, ERROR_RATE]);
const OF_SERVICE: Shape = Shape::Object(&[
    Field::always("service_id", Shape::Text, ""),
    REPORTED_REQUESTS,
    PREDICTIONS,
    COMPUTE,
    AVERAGE,
    ERROR_RATE,
]);

/// For the document.
pub const DOC: Operation = Operation {
    summary: "What a key's bill of a month is made from",
    query: &[PERIOD],
    refusals: &[422],
    answer: Answer::Json(Shape::Object(&[
        Field::always("key_id", Shape::Text, ""),
        Field::always("period", Shape::Text, "YYYY-MM"),
        Field::always(
            "billing_plan",
            Shape::OneOf(&["free"]),
            "prices are not known here",
        ),
        Field::always("total", Shape::Named("UsageTotals", &TOTALS), ""),
        Field::always(
            "services",
            Shape::List(&Shape::Named("ServiceUsage", &OF_SERVICE)),
            "",
        ),
    ])),
    ..Operation::answering("", Shape::Any)
};
