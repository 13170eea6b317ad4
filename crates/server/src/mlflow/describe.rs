//! What the OpenAPI document says of MLflow's routes: which parameters there are and what they hold. What they mean, and what is answered,
//! stands in MLflow's own reference.

mod artifacts;
mod logged_models;
mod models;
mod tracking;

use crate::openapi::{Answer, Body, Field, Operation, Shape};

/// What is said of a route, by its method and its path in axum's notation.
pub(super) fn of(method: &str, path: &str) -> Option<&'static Operation> {
    let rest = path.strip_prefix("/api/2.0/mlflow/").unwrap_or(path);
    [
        tracking::ROUTES,
        models::ROUTES,
        logged_models::ROUTES,
        artifacts::ROUTES,
    ]
    .into_iter()
    .flatten()
    .find(|(known, _)| known.split_once(' ') == Some((method, rest)))
    .map(|(_, operation)| operation)
}

type Routes = &'static [(&'static str, Operation)];

const MLFLOW: Operation = Operation {
    description: "As in MLflow's REST API; each under `ajax-api` too.",
    refusals: &[404],
    ..Operation::answering("As MLflow", Shape::Any)
};

/// A route that reads its parameters from the query string.
const fn reads(query: &'static [Field]) -> Operation {
    Operation { query, ..MLFLOW }
}

/// A route that reads its parameters from a JSON body.
const fn takes(fields: &'static [Field]) -> Operation {
    Operation {
        body: Some(Body {
            is_required: true,
            fields,
        }),
        ..MLFLOW
    }
}

/// A route that sends a file.
const fn sends(query: &'static [Field]) -> Operation {
    Operation {
        query,
        headers: &[RANGE],
        answer: Answer::File,
        refusals: &[404, 416],
        ..MLFLOW
    }
}

const fn must(name: &'static str) -> Field {
    Field::always(name, Shape::Text, "")
}

const fn may(name: &'static str) -> Field {
    Field::maybe(name, Shape::Text, "")
}

/// A whole number; texts of digits are taken too, as in protobuf's JSON.
const fn number(name: &'static str) -> Field {
    Field::maybe(name, Shape::Integer(i64::MIN, i64::MAX), "")
}

const fn texts(name: &'static str) -> Field {
    Field::maybe(name, Shape::List(&Shape::Text), "")
}

const fn flag(name: &'static str) -> Field {
    Field::maybe(name, Shape::Boolean, "")
}

const fn objects(name: &'static str, of: &'static Shape) -> Field {
    Field::maybe(name, Shape::List(of), "")
}

const RANGE: Field = Field::maybe("Range", Shape::Text, "one range of bytes");
const PAIR: Shape = Shape::Object(&[must("key"), may("value")]);
const TAGS: Field = objects("tags", &PAIR);
const PARAMS: Field = objects("params", &PAIR);
const PAGE: Field = number("max_results");
const PAGE_TOKEN: Field = may("page_token");
const VIEW: Shape = Shape::OneOf(&["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]);
