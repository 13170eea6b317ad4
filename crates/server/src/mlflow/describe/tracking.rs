//! Experiments, runs and metrics.

use super::{
    PAGE, PAGE_TOKEN, PARAMS, Routes, TAGS, VIEW, may, must, number, objects, reads, takes, texts,
};
use crate::openapi::{Field, Shape};

pub(super) const ROUTES: Routes = &[
    (
        "POST experiments/create",
        takes(&[must("name"), may("artifact_location"), TAGS]),
    ),
    ("GET experiments/get", reads(&[must("experiment_id")])),
    (
        "GET experiments/get-by-name",
        reads(&[must("experiment_name")]),
    ),
    (
        "POST experiments/update",
        takes(&[must("experiment_id"), must("new_name")]),
    ),
    ("POST experiments/delete", takes(&[must("experiment_id")])),
    ("POST experiments/restore", takes(&[must("experiment_id")])),
    (
        "POST experiments/set-experiment-tag",
        takes(&[must("experiment_id"), must("key"), may("value")]),
    ),
    (
        "POST experiments/delete-experiment-tag",
        takes(&[must("experiment_id"), must("key")]),
    ),
    ("POST experiments/search", takes(EXPERIMENT_SEARCH)),
    ("GET experiments/search", reads(EXPERIMENT_SEARCH)),
    (
        "POST runs/create",
        takes(&[
            may("experiment_id"),
            may("run_name"),
            may("user_id"),
            number("start_time"),
            TAGS,
        ]),
    ),
    ("GET runs/get", reads(&[must("run_id")])),
    (
        "POST runs/update",
        takes(&[must("run_id"), STATUS, number("end_time"), may("run_name")]),
    ),
    ("POST runs/delete", takes(&[must("run_id")])),
    ("POST runs/restore", takes(&[must("run_id")])),
    (
        "POST runs/log-metric",
        takes(&[
            must("run_id"),
            must("key"),
            VALUE,
            TIMESTAMP,
            number("step"),
            may("model_id"),
            may("dataset_name"),
            may("dataset_digest"),
        ]),
    ),
    (
        "POST runs/log-parameter",
        takes(&[must("run_id"), must("key"), may("value")]),
    ),
    (
        "POST runs/log-batch",
        takes(&[must("run_id"), objects("metrics", &POINT), PARAMS, TAGS]),
    ),
    (
        "POST runs/set-tag",
        takes(&[must("run_id"), must("key"), may("value")]),
    ),
    (
        "POST runs/delete-tag",
        takes(&[must("run_id"), must("key")]),
    ),
    (
        "POST runs/log-inputs",
        takes(&[
            must("run_id"),
            objects("datasets", &DATASET_INPUT),
            objects("models", &MODEL),
        ]),
    ),
    (
        "POST runs/outputs",
        takes(&[
            must("run_id"),
            Field::always("models", Shape::List(&MODEL), ""),
        ]),
    ),
    (
        "POST runs/log-model",
        takes(&[must("run_id"), must("model_json")]),
    ),
    (
        "POST runs/search",
        takes(&[
            texts("experiment_ids"),
            may("filter"),
            Field::maybe("run_view_type", VIEW, ""),
            PAGE,
            texts("order_by"),
            PAGE_TOKEN,
        ]),
    ),
    (
        "GET metrics/get-history",
        reads(&[must("run_id"), must("metric_key"), PAGE, PAGE_TOKEN]),
    ),
    (
        "GET metrics/get-history-bulk",
        reads(&[
            Field::always("run_id", Shape::List(&Shape::Text), ""),
            must("metric_key"),
            PAGE,
        ]),
    ),
    ("GET /api/3.0/mlflow/server-info", reads(&[])),
];

const EXPERIMENT_SEARCH: &[Field] = &[
    PAGE,
    PAGE_TOKEN,
    may("filter"),
    texts("order_by"),
    Field::maybe("view_type", VIEW, ""),
];
const STATUS: Field = Field::maybe(
    "status",
    Shape::OneOf(&["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]),
    "",
);
const VALUE: Field = Field::always(
    "value",
    Shape::Number,
    "or one of the texts `NaN`, `Infinity` and `-Infinity`",
);
const TIMESTAMP: Field = Field::always(
    "timestamp",
    Shape::Integer(0, i64::MAX),
    "milliseconds since 1970",
);
const POINT: Shape = Shape::Object(&[
    must("key"),
    VALUE,
    TIMESTAMP,
    number("step"),
    may("model_id"),
    may("dataset_name"),
    may("dataset_digest"),
]);
const MODEL: Shape = Shape::Object(&[must("model_id"), number("step")]);
const DATASET_INPUT: Shape = Shape::Object(&[TAGS, Field::always("dataset", DATASET, "")]);
const DATASET: Shape = Shape::Object(&[
    must("name"),
    must("digest"),
    must("source_type"),
    must("source"),
    may("schema"),
    may("profile"),
]);
