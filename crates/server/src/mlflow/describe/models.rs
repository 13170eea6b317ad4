//! Registered models and their versions.

use super::{PAGE, PAGE_TOKEN, Routes, TAGS, flag, may, must, reads, sends, takes, texts};
use crate::openapi::Field;

pub(super) const ROUTES: Routes = &[
    (
        "POST registered-models/create",
        takes(&[must("name"), may("description"), TAGS]),
    ),
    (
        "POST registered-models/rename",
        takes(&[must("name"), must("new_name")]),
    ),
    (
        "PATCH registered-models/update",
        takes(&[must("name"), may("description")]),
    ),
    ("DELETE registered-models/delete", takes(&[must("name")])),
    ("GET registered-models/get", reads(&[must("name")])),
    ("GET registered-models/search", reads(SEARCH)),
    (
        "GET registered-models/get-latest-versions",
        reads(&[must("name"), texts("stages")]),
    ),
    (
        "POST registered-models/get-latest-versions",
        takes(&[must("name"), texts("stages")]),
    ),
    (
        "POST registered-models/set-tag",
        takes(&[must("name"), must("key"), may("value")]),
    ),
    (
        "DELETE registered-models/delete-tag",
        takes(&[must("name"), must("key")]),
    ),
    (
        "GET registered-models/alias",
        reads(&[must("name"), must("alias")]),
    ),
    (
        "POST registered-models/alias",
        takes(&[must("name"), must("alias"), must("version")]),
    ),
    (
        "DELETE registered-models/alias",
        takes(&[must("name"), must("alias")]),
    ),
    (
        "POST model-versions/create",
        takes(&[
            must("name"),
            must("source"),
            may("run_id"),
            may("model_id"),
            may("run_link"),
            may("description"),
            TAGS,
        ]),
    ),
    (
        "PATCH model-versions/update",
        takes(&[must("name"), must("version"), may("description")]),
    ),
    (
        "POST model-versions/transition-stage",
        takes(&[
            must("name"),
            must("version"),
            must("stage"),
            flag("archive_existing_versions"),
        ]),
    ),
    (
        "DELETE model-versions/delete",
        takes(&[must("name"), must("version")]),
    ),
    (
        "GET model-versions/get",
        reads(&[must("name"), must("version")]),
    ),
    (
        "GET model-versions/get-download-uri",
        reads(&[must("name"), must("version")]),
    ),
    ("GET model-versions/search", reads(SEARCH)),
    (
        "POST model-versions/set-tag",
        takes(&[must("name"), must("version"), must("key"), may("value")]),
    ),
    (
        "DELETE model-versions/delete-tag",
        takes(&[must("name"), must("version"), must("key")]),
    ),
    (
        "GET /model-versions/get-artifact",
        sends(&[must("name"), must("version"), must("path")]),
    ),
];

const SEARCH: &[Field] = &[may("filter"), PAGE, texts("order_by"), PAGE_TOKEN];
