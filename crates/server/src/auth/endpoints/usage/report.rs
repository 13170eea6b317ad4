//! `POST /api/v1/usage/{id}`: a service reports that a key was used.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use hokusai_core::key::ApiKey;
use hokusai_core::usage::{
    COMPUTE_MS, Endpoint, PREDICTIONS, RESPONSE_MS, Report, STATUS, idempotency_key,
};
use hokusai_store::usage::{Once, Subject, Totals};
use serde_json::{Value, json};

use super::super::create::service_id;
use super::super::unprocessable;
use crate::auth::service::{AuthService, FLUSH_MS, lock};
use crate::auth::view::day;
use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};
use crate::json::Params;
use crate::openapi::{Answer, Body, Field, Operation, Shape};
use crate::path::Path;
use crate::routing::mask;

/// Counts a use. The answer says how long it may take until it is on disk; a report with an idempotency key may be repeated.
pub async fn report(
    State(service): State<AuthService>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let record = service.key(&id).ok_or_else(|| {
        ApiError::missing(format!(
            "no API key `{}`: report the id that `validate` answered",
            mask(&id)
        ))
    })?;
    let report = read(&params)?;
    let subject = Subject {
        key_id: record.id.clone(),
        day: day(service.clock().now_ms()),
        service_id: report.service_id.clone(),
        endpoint: report.endpoint.clone(),
    };
    let totals = Totals::of(&report);
    let buffered = match token(&service, &caller, &headers, &params)? {
        None => lock(&service.shared.usage).add(subject, totals),
        Some(token) => lock(&service.shared.usage).add_once(Once {
            token,
            subject,
            totals,
        }),
    };
    buffered.map_err(|_full| {
        let message =
            "usage arrives faster than it can be written: nothing was counted, report it again";
        ApiError::new(ErrorKind::Unavailable, message).retry_after(1)
    })?;
    Ok(Json(
        json!({"message": "Usage recorded", "key_id": record.id, "durable_within_ms": FLUSH_MS}),
    ))
}

fn read(params: &Params) -> Result<Report, ApiError> {
    let number = |field, bounds, missing: Option<i64>| {
        let value = params
            .opt_i64(field)
            .map_or(None, |value| value.or(missing));
        Report::bounded(field, value, bounds).map_err(|error| unprocessable(&error))
    };
    let endpoint = mask(&params.opt_str("endpoint")?.unwrap_or_default());
    let status = number("status_code", STATUS, None)?;
    Ok(Report {
        service_id: service_id(params.opt_str("service_id")?.as_deref())?,
        endpoint: endpoint
            .parse::<Endpoint>()
            .map_err(|error| unprocessable(&error))?,
        status: u16::try_from(status).unwrap_or(u16::MAX),
        response_ms: number("response_time_ms", RESPONSE_MS, None)?,
        predictions: number("predictions_count", PREDICTIONS, Some(0))?,
        compute_ms: number("compute_ms", COMPUTE_MS, Some(0))?,
    })
}

/// A hash over who reports and its idempotency key: two services may use the same one, and nobody's key is kept if it is sent there.
fn token(
    service: &AuthService,
    caller: &Caller,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Option<[u8; 32]>, ApiError> {
    let header = headers
        .get(HEADER)
        .map(|value| value.to_str().unwrap_or_default().to_owned());
    let Some(raw) = params.opt_str("idempotency_key")?.or(header) else {
        return Ok(None);
    };
    let raw = idempotency_key(&raw).map_err(|error| unprocessable(&error))?;
    let reporter = service.key(caller.key_id()).map_or_else(
        || caller.key_id().to_owned(),
        |record| record.chain_id.clone(),
    );
    Ok(Some(ApiKey::digest(&[reporter.as_bytes(), raw.as_bytes()])))
}

const HEADER: &str = "idempotency-key";

/// For the document.
pub const DOC: Operation = Operation {
    summary: "Reports that a key was used",
    description: "For services with the scope `usage:write`. Reports are summed in memory and written every few seconds: the answer \
                  says how much a killed process can lose. Endpoints beyond a hundred per key and month are counted as `(other)`.",
    headers: &[Field::maybe(
        "Idempotency-Key",
        Shape::Sized(1, 128),
        "the same as `idempotency_key`",
    )],
    body: Some(Body {
        is_required: true,
        fields: &[
            Field::maybe("service_id", Shape::Text, "platform, website or prediction"),
            Field::always(
                "endpoint",
                Shape::Sized(1, 200),
                "a path; its query is not kept",
            ),
            Field::always(
                "status_code",
                Shape::Integer(STATUS.0, STATUS.1),
                "HTTP's status",
            ),
            Field::always(
                "response_time_ms",
                Shape::Integer(RESPONSE_MS.0, RESPONSE_MS.1),
                "",
            ),
            Field::maybe(
                "predictions_count",
                Shape::Integer(PREDICTIONS.0, PREDICTIONS.1),
                "0 if nothing is said",
            ),
            Field::maybe(
                "compute_ms",
                Shape::Integer(COMPUTE_MS.0, COMPUTE_MS.1),
                "0 if nothing is said",
            ),
            Field::maybe(
                "idempotency_key",
                Shape::Sized(1, 128),
                "a report with the same one within a week is counted once",
            ),
        ],
    }),
    refusals: &[422],
    answer: Answer::Json(Shape::Object(&[
        Field::always("message", Shape::Text, ""),
        Field::always("key_id", Shape::Text, ""),
        Field::always(
            "durable_within_ms",
            Shape::Integer(0, 60_000),
            "a killed process loses at most this much",
        ),
    ])),
    ..Operation::answering("", Shape::Any)
};
