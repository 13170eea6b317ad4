//! How much keys are used: what this service judged, and what other services report.

pub mod aggregate;
pub mod billing;
pub mod report;
pub mod stats;

use hokusai_core::usage::Period;
use hokusai_store::usage::Totals;
use serde_json::{Map, Value, json};

use super::unprocessable;
use crate::auth::service::AuthService;
use crate::auth::view::month;
use crate::error::ApiError;
use crate::json::Params;
use crate::openapi::{Field, Shape};

/// The month that is asked for; this one if none is.
fn period(service: &AuthService, params: &Params) -> Result<Period, ApiError> {
    params
        .opt_str("period")?
        .unwrap_or_else(|| month(service.clock().now_ms()))
        .parse()
        .map_err(|error| unprocessable(&error))
}

fn sum<'t>(totals: impl Iterator<Item = &'t Totals>) -> Totals {
    let mut sum = Totals::default();
    totals.for_each(|totals| sum.add(*totals));
    sum
}

/// Sums of reports as the API shows them.
fn reported(totals: Totals) -> Map<String, Value> {
    let per_request = |sum: i64| {
        #[expect(clippy::cast_precision_loss, reason = "an average for people")]
        if totals.requests == 0 {
            0.0
        } else {
            sum as f64 / totals.requests as f64
        }
    };
    let fields = json!({
        "reported_requests": totals.requests,
        "total_predictions": totals.predictions,
        "total_compute_ms": totals.compute_ms,
        "average_response_time_ms": per_request(totals.response_ms),
        "error_rate": per_request(totals.errors),
    });
    fields.as_object().cloned().unwrap_or_default()
}

const PERIOD: Field = Field::maybe(
    "period",
    Shape::Text,
    "a month as YYYY-MM; this one if nothing is said",
);
const REPORTED_REQUESTS: Field =
    Field::always("reported_requests", COUNT, "uses that services reported");
const PREDICTIONS: Field = Field::always("total_predictions", COUNT, "");
const COMPUTE: Field = Field::always("total_compute_ms", COUNT, "");
const AVERAGE: Field = Field::always(
    "average_response_time_ms",
    Shape::Number,
    "over the reported uses",
);
const ERROR_RATE: Field = Field::always(
    "error_rate",
    Shape::Number,
    "reported uses with a status from 400 on, as a share",
);
const COUNT: Shape = Shape::Integer(0, i64::MAX);
