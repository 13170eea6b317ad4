//! Logged models.

use super::{
    PAGE, PAGE_TOKEN, PARAMS, Routes, TAGS, flag, may, must, objects, reads, sends, takes,
};
use crate::openapi::{Field, Shape};

pub(super) const ROUTES: Routes = &[
    (
        "POST logged-models",
        takes(&[
            must("experiment_id"),
            may("name"),
            may("model_type"),
            may("source_run_id"),
            PARAMS,
            TAGS,
        ]),
    ),
    (
        "POST logged-models/search",
        takes(&[
            Field::always("experiment_ids", Shape::List(&Shape::Text), ""),
            may("filter"),
            objects("datasets", &DATASET),
            PAGE,
            objects("order_by", &ORDER),
            PAGE_TOKEN,
        ]),
    ),
    (
        "GET logged-models/{model_id}",
        reads(&[flag("allow_deleted")]),
    ),
    (
        "PATCH logged-models/{model_id}",
        takes(&[must("model_id"), Field::always("status", STATUS, "")]),
    ),
    ("DELETE logged-models/{model_id}", reads(&[])),
    (
        "POST logged-models/{model_id}/params",
        takes(&[must("model_id"), PARAMS]),
    ),
    ("PATCH logged-models/{model_id}/tags", takes(&[TAGS])),
    ("DELETE logged-models/{model_id}/tags/{key}", reads(&[])),
    (
        "GET logged-models/{model_id}/artifacts/directories",
        reads(&[may("artifact_directory_path")]),
    ),
    (
        "GET logged-models/{model_id}/artifacts/files",
        sends(&[must("artifact_file_path")]),
    ),
];

const DATASET: Shape = Shape::Object(&[must("dataset_name"), may("dataset_digest")]);
const ORDER: Shape = Shape::Object(&[
    must("field_name"),
    flag("ascending"),
    may("dataset_name"),
    may("dataset_digest"),
]);
const STATUS: Shape = Shape::OneOf(&[
    "LOGGED_MODEL_PENDING",
    "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED",
]);
