//! What a service counts, in the text form that Prometheus reads (`OpenMetrics` 1.0).

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

use crate::error::ApiError;
use crate::openapi::{Answer, Operation, Shape};

/// Names and values that tell the series of a family apart. No value comes from a request: there are as many series as routes.
type Labels<const N: usize> = [(&'static str, &'static str); N];

/// A counter for each value of a label.
pub type CountedBy = Family<Labels<1>, Counter>;

/// The series of one service; their names begin with `hokusai_` and the service's name.
pub struct Metrics {
    registry: Registry,
    requests: Family<Labels<3>, Counter>,
    seconds: Family<Labels<2>, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
}

impl Metrics {
    /// Counts nothing yet.
    pub fn new(service: &str) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix(format!("hokusai_{service}")),
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS_S)),
            in_flight: Gauge::default(),
        };
        let (requests, in_flight) = (metrics.requests.clone(), metrics.in_flight.clone());
        metrics.register(
            "requests",
            "Answered requests, by route and class of status",
            requests,
        );
        metrics.register(
            "requests_in_flight",
            "Requests whose answer has not begun",
            in_flight,
        );
        metrics.registry.register_with_unit(
            "request",
            "Time until the head of the answer, by route",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        metrics
    }

    /// Adds series that are looked up when somebody asks.
    pub(crate) fn look_at(&mut self, series: impl Collector) {
        self.registry.register_collector(Box::new(series));
    }

    /// Adds series. A counter's name gets `_total` behind it.
    pub fn register(&mut self, name: &str, help: &str, series: impl Metric) {
        self.registry.register(name, help, series);
    }
}

/// Which requests a [`layer`] counts.
#[derive(Clone)]
pub(crate) struct Counted {
    /// Where.
    pub(crate) metrics: Arc<Metrics>,
    /// The method of the route; empty for what has no route.
    pub(crate) method: &'static str,
    /// The path of the route, with its holes.
    pub(crate) route: &'static str,
}

/// Counts a request and its answer.
#[expect(
    clippy::disallowed_methods,
    reason = "how long an answer took decides nothing: it is only shown"
)]
pub(crate) async fn layer(
    State(counted): State<Counted>,
    request: Request,
    next: Next,
) -> Response {
    let _in_flight = InFlight::begin(&counted.metrics.in_flight);
    let began = Instant::now();
    let response = next.run(request).await;
    let (method, route) = (("method", counted.method), ("route", counted.route));
    let status = ("status", class(response.status().as_u16()));
    let metrics = &counted.metrics;
    metrics
        .requests
        .get_or_create(&[method, route, status])
        .inc();
    metrics
        .seconds
        .get_or_create(&[method, route])
        .observe(began.elapsed().as_secs_f64());
    response
}

/// A request that a client gives up on ends too.
struct InFlight<'g>(&'g Gauge);

impl<'g> InFlight<'g> {
    fn begin(gauge: &'g Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// `GET /metrics`: without a key, since Prometheus has none.
pub(crate) async fn serve(Extension(metrics): Extension<Arc<Metrics>>) -> Response {
    let mut page = String::new();
    match text::encode(&mut page, &metrics.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, OPEN_METRICS)], page).into_response(),
        Err(error) => ApiError::internal(error.to_string()).into_response(),
    }
}

/// For the document.
pub(crate) const DOC: Operation = Operation {
    answer: Answer::Metrics,
    ..Operation::answering("What was counted, as Prometheus reads it", Shape::Any)
};

/// The method as a label. Routes have one of these.
pub(crate) const fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "",
    }
}

const fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

/// From a point that is logged on an idle machine to a search that somebody waits for.
const BUCKETS_S: [f64; 10] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
];

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
