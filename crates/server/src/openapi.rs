//! The OpenAPI document of a service, made from its routes: method, path, access and description are one value, so the document
//! cannot name a route that is not there, nor miss one.
//!
//! # To describe a route
//! A `pub const DOC: Operation` beside its handler, and `.describe(&DOC)` on its line of the routes page. A test fails on a route
//! without one, and when the committed document under `docs/` is not what the routes say: `cargo xtask gen` writes it again.

mod schema;

use std::collections::BTreeMap;

use hokusai_core::access::Action;
use schema::{object, schema};
use serde_json::{Map, Value, json};

use crate::gate::Access;
use crate::health::VERSION;
use crate::routing::Route;

/// What a client must know of a route besides its method, path and access.
#[derive(Debug)]
pub struct Operation {
    /// One line.
    pub summary: &'static str,
    /// What is not obvious; may be empty.
    pub description: &'static str,
    /// What may stand in the query string.
    pub query: &'static [Field],
    /// Headers that it reads besides those that carry a key.
    pub headers: &'static [Field],
    /// The JSON body, if it takes one.
    pub body: Option<Body>,
    /// Whether the body is a file, of any type.
    pub takes_file: bool,
    /// The status of success.
    pub status: u16,
    /// What it answers then.
    pub answer: Answer,
    /// Statuses of refusals besides those that follow from access, path and body.
    pub refusals: &'static [u16],
}

/// A JSON body.
#[derive(Debug)]
pub struct Body {
    /// Whether it must be there.
    pub is_required: bool,
    /// Its fields.
    pub fields: &'static [Field],
}

/// What is answered.
#[derive(Debug)]
pub enum Answer {
    /// JSON.
    Json(Shape),
    /// Text for people or machines that are not browsers.
    Text,
    /// Counters in the text form of `OpenMetrics`.
    Metrics,
    /// A file, or a range of one; its type follows from its name.
    File,
}

/// A field of a body, a query or an answer.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether it is always there.
    pub is_required: bool,
    /// What it means; may be empty.
    pub about: &'static str,
}

/// What a value may be.
#[derive(Debug)]
pub enum Shape {
    /// Any text.
    Text,
    /// Text of so many characters.
    Sized(u32, u32),
    /// A moment, as RFC 3339.
    Time,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A whole number in these bounds.
    Integer(i64, i64),
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list.
    List(&'static Shape),
    /// An object with these fields.
    Object(&'static [Field]),
    /// A shape that the document describes once, by name.
    Named(&'static str, &'static Shape),
    /// That, or null.
    Nullable(&'static Shape),
    /// Any JSON.
    Any,
}

impl Operation {
    /// A route that takes nothing and answers JSON.
    pub const fn answering(summary: &'static str, shape: Shape) -> Self {
        Self {
            summary,
            description: "",
            query: &[],
            headers: &[],
            body: None,
            takes_file: false,
            status: 200,
            answer: Answer::Json(shape),
            refusals: &[],
        }
    }
}

impl Field {
    /// A field that is always there.
    pub const fn always(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self {
            name,
            shape,
            is_required: true,
            about,
        }
    }

    /// A field that may be missing.
    pub const fn maybe(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self {
            name,
            shape,
            is_required: false,
            about,
        }
    }
}

/// The document of a service with these routes, reachable below these base paths.
pub fn document<S: Clone + Send + Sync + 'static>(
    title: &str,
    bases: &[&str],
    routes: &[Route<S>],
) -> Value {
    let mut paths = Map::new();
    let mut named = BTreeMap::new();
    named.insert("Error", &ERROR);
    for route in routes {
        let operations = paths
            .entry(route.path().replace("{*", "{"))
            .or_insert_with(|| json!({}));
        if let Some(operations) = operations.as_object_mut() {
            let method = route.method().as_str().to_ascii_lowercase();
            operations.insert(method, operation(route, &mut named));
        }
    }
    let mut schemas = Map::new();
    // Describing one may name another.
    while let Some((name, shape)) = named.pop_first() {
        let mut found = BTreeMap::new();
        let described = schema(shape, &mut found);
        schemas.insert(name.to_owned(), described);
        named.extend(
            found
                .into_iter()
                .filter(|(name, _)| !schemas.contains_key(*name)),
        );
    }
    let servers: Vec<Value> = bases.iter().map(|base| json!({"url": base})).collect();
    json!({
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION},
        "servers": servers,
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "basic": {"type": "http", "scheme": "basic", "description": "the key is the password"},
            "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }},
    })
}

type Named = BTreeMap<&'static str, &'static Shape>;

fn operation<S: Clone + Send + Sync + 'static>(route: &Route<S>, named: &mut Named) -> Value {
    let Some(doc) = route.doc() else {
        return json!({"responses": {}});
    };
    let in_path = path_parameters(route.path());
    let mut parameters: Vec<Value> = in_path
        .iter()
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    for (place, fields) in [("query", doc.query), ("header", doc.headers)] {
        parameters.extend(fields.iter().map(|field| {
            let shape = schema(&field.shape, named);
            json!({"name": field.name, "in": place, "required": field.is_required, "description": field.about, "schema": shape})
        }));
    }
    let mut operation = json!({
        "summary": doc.summary,
        "parameters": parameters,
        "responses": responses(route, doc, !in_path.is_empty(), named),
    });
    let Some(fields) = operation.as_object_mut() else {
        return operation;
    };
    if !doc.description.is_empty() {
        fields.insert("description".to_owned(), doc.description.into());
    }
    if let Some(body) = &doc.body {
        let shape = object(body.fields, named);
        fields.insert(
            "requestBody".to_owned(),
            json!({"required": body.is_required, "content": {"application/json": {"schema": shape}}}),
        );
    }
    if doc.takes_file {
        let file = json!({"required": true, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}});
        fields.insert("requestBody".to_owned(), file);
    }
    if let Access::Needs(action) = route.access() {
        let any_of = json!([{"bearer": []}, {"basic": []}, {"header": []}]);
        fields.insert("security".to_owned(), any_of);
        fields.insert("x-needs".to_owned(), needs(action).into());
    }
    operation
}

fn responses<S: Clone + Send + Sync + 'static>(
    route: &Route<S>,
    doc: &'static Operation,
    has_path_parameters: bool,
    named: &mut Named,
) -> Value {
    let content = match &doc.answer {
        Answer::Json(shape) => json!({"application/json": {"schema": schema(shape, named)}}),
        Answer::Metrics => json!({"application/openmetrics-text": {"schema": {"type": "string"}}}),
        Answer::File => json!({"*/*": {"schema": {}}}),
        Answer::Text => json!({"text/plain": {"schema": {"type": "string"}}}),
    };
    let mut responses = Map::new();
    let done = json!({"description": "done", "content": content});
    if matches!(doc.answer, Answer::File) {
        responses.insert("206".to_owned(), done.clone());
    }
    responses.insert(doc.status.to_string(), done);
    let mut refusals = doc.refusals.to_vec();
    if matches!(route.access(), Access::Needs(_)) {
        refusals.extend([400, 401, 403, 429, 503]);
    }
    if has_path_parameters {
        refusals.push(404);
    }
    if doc.body.is_some() {
        refusals.extend([400, 413]);
    }
    for status in refusals {
        let refused = json!({
            "description": describe(status),
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        });
        responses.insert(status.to_string(), refused);
    }
    Value::Object(responses)
}

fn path_parameters(path: &str) -> Vec<&str> {
    path.split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| name.trim_start_matches('*'))
        .collect()
}

/// The scope that is enough, in words that `hokusai keys create --scope` takes.
fn needs(action: Action) -> &'static str {
    action.least_scope().as_str()
}

const fn describe(status: u16) -> &'static str {
    match status {
        400 => "the request cannot be understood or contradicts itself",
        401 => "no key, or a key that is not good: `code` says why",
        403 => "the key may not do this, or not from this address: `code` says which",
        404 => "there is no such thing, or not for this key",
        413 => "the body is too large",
        416 => "the file has no such range",
        422 => "a field is beyond its bounds: the message names it",
        429 => "the key is over its rate: come back after Retry-After seconds",
        501 => "this server does not do that",
        507 => "no space is left for it",
        503 => "nobody can say now: come back after Retry-After seconds",
        _ => "refused",
    }
}

/// What every refusal says, in the dialects of all its readers.
pub static ERROR: Shape = Shape::Object(&[
    Field::always("error_code", Shape::Text, "MLflow's code"),
    Field::always("message", Shape::Text, "what was wrong and what to do"),
    Field::always("detail", Shape::Text, "the same, where older clients look"),
    Field::maybe("code", Shape::Text, "why a key was refused"),
]);
