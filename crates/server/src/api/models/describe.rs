//! What clients must know of the Models API, for the OpenAPI document.

use crate::openapi::{Body, Field, Operation, Shape};

pub(super) const LIST: Operation = Operation {
    query: &[
        Field::maybe(
            "filter",
            Shape::Text,
            "as in MLflow's search of registered models",
        ),
        Field::maybe(
            "page_token",
            Shape::Text,
            "`next_page_token` of the page before",
        ),
    ],
    ..Operation::answering(
        "Registered models by name",
        Shape::Object(&[
            Field::always("models", Shape::List(&MODEL_SHAPE), ""),
            Field::maybe("next_page_token", Shape::Text, "when there are more"),
        ]),
    )
};

pub(super) const MODEL: Operation = Operation::answering("One model", MODEL_SHAPE);

pub(super) const VERSION: Operation = Operation::answering("One version", VERSION_SHAPE);

pub(super) const LINEAGE: Operation = Operation::answering(
    "Where each version of a model comes from, the newest first",
    Shape::Object(&[
        Field::always("model", Shape::Text, ""),
        Field::always(
            "lineage",
            Shape::List(&Shape::Object(&[
                Field::always("version", Shape::Text, ""),
                Field::always("created_at_ms", Shape::Integer(0, i64::MAX), "since 1970"),
                Field::always("stage", Shape::Text, ""),
                Field::always("source", Shape::Text, "as it was given; never opened"),
                Field::always("run_id", Shape::Nullable(&Shape::Text), ""),
                Field::always(
                    "model_id",
                    Shape::Nullable(&Shape::Text),
                    "the logged model",
                ),
            ])),
            "",
        ),
    ]),
);

pub(super) const MANIFEST: Operation = Operation::answering(
    "The files of a version as they were when it was created",
    Shape::Object(&[
        Field::always("name", Shape::Text, ""),
        Field::always("version", Shape::Text, ""),
        Field::always("artifact_uri", Shape::Text, ""),
        Field::always(
            "files",
            Shape::List(&Shape::Object(&[
                Field::always("path", Shape::Text, "relative to the version"),
                Field::always("size_bytes", Shape::Integer(0, i64::MAX), ""),
                Field::always("sha256", Shape::Sized(64, 64), "lower-case hexadecimal"),
            ])),
            "",
        ),
    ]),
);

pub(super) const REGISTER: Operation = Operation {
    description: "Makes an uploaded logged model the next version of a model, which is created if it is new, and points aliases at it: \
                  all of it or nothing.",
    refusals: &[404],
    body: Some(Body {
        is_required: true,
        fields: &[
            Field::always("name", Shape::Text, "of the registered model"),
            Field::always(
                "model_id",
                Shape::Text,
                "of the logged model that holds the files",
            ),
            Field::always(
                "files",
                Shape::List(&Shape::Object(&[
                    Field::always("path", Shape::Text, ""),
                    Field::always("sha256", Shape::Sized(64, 64), ""),
                ])),
                "what was uploaded; a difference from what is stored is refused",
            ),
            Field::maybe("aliases", Shape::List(&Shape::Text), ""),
            Field::maybe("tags", Shape::List(&TAG), ""),
            Field::maybe("description", Shape::Text, ""),
        ],
    }),
    status: 201,
    ..Operation::answering(
        "Registers a version",
        Shape::Object(&[Field::always("model_version", VERSION_SHAPE, "")]),
    )
};

const TAG: Shape = Shape::Named(
    "Tag",
    &Shape::Object(&[
        Field::always("key", Shape::Text, ""),
        Field::maybe("value", Shape::Text, ""),
    ]),
);

const MODEL_SHAPE: Shape = Shape::Named(
    "RegisteredModel",
    &Shape::Object(&[
        Field::always("name", Shape::Text, ""),
        Field::always(
            "creation_timestamp",
            Shape::Integer(0, i64::MAX),
            "milliseconds since 1970",
        ),
        Field::always(
            "last_updated_timestamp",
            Shape::Integer(0, i64::MAX),
            "likewise",
        ),
        Field::maybe("description", Shape::Text, ""),
        Field::maybe(
            "latest_versions",
            Shape::List(&VERSION_SHAPE),
            "the newest of each stage",
        ),
        Field::maybe("tags", Shape::List(&TAG), ""),
    ]),
);

const VERSION_SHAPE: Shape = Shape::Named(
    "ModelVersion",
    &Shape::Object(&[
        Field::always("name", Shape::Text, ""),
        Field::always("version", Shape::Text, "a number, as text"),
        Field::always(
            "creation_timestamp",
            Shape::Integer(0, i64::MAX),
            "milliseconds since 1970",
        ),
        Field::always(
            "last_updated_timestamp",
            Shape::Integer(0, i64::MAX),
            "likewise",
        ),
        Field::always("current_stage", Shape::Text, ""),
        Field::always("source", Shape::Text, "as it was given; never opened"),
        Field::always("status", Shape::OneOf(&["READY"]), ""),
        Field::maybe("run_id", Shape::Text, ""),
        Field::maybe("description", Shape::Text, ""),
        Field::maybe("aliases", Shape::List(&Shape::Text), ""),
        Field::maybe("tags", Shape::List(&TAG), ""),
    ]),
);
