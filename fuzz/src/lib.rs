//! What each fuzz target does with its input: the targets in `bin/` differ in the form only. `run` builds and runs
//! them.

pub mod http;
pub mod services;

use hokusai_routes::matcher::select;
use hokusai_routes::reader::{self, Form};
use hokusai_routes::request::Request;
use hokusai_routes::source::Source;

/// Reads the input as a text of `form` called `name`, looks up the place of every finding, and routes a request.
pub fn read(form: Form, name: &str, input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let reading = reader::read(&[Source::new(0, name, text)], Some(form));
    for finding in &reading.findings {
        assert!(!finding.message.is_empty(), "a finding without a message");
        let Some(span) = finding.span else { continue };
        let source = reading.table.source_of(span).expect("a span of no source");
        assert!(source.place(span).is_some(), "a span without a place: {finding:?}");
    }
    for listener in &reading.table.listeners {
        select(listener, &Request::get("auth.example.com", "/api"));
    }
}

/// Routes a request whose host, path and query are the lines of the input.
pub fn route(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (host, path, query) = (next(), next(), next());
    let mut request = Request::get(host, path);
    request.query = Request::split_query(query);
    request.headers = vec![("x-env".into(), next().into())];
    let table = reader::read(&[Source::new(0, "a.toml", TABLE)], Some(Form::Toml)).table;
    for listener in &table.listeners {
        select(listener, &request);
    }
    let _ = (request.host_without_port(), request.to_string());
}

const TABLE: &str = r#"
[[listener]]
port = 443

[[listener.rule]]
priority = 1
host = ["*.example.com", { regex = "^a+\\.b(:[0-9]+)?$" }]
path = ["/a*b?c", { regex = "^/v[0-9]+/" }]
query = ["a*=b?", { value = "x\\**" }]
header = { X-Env = ["canary*"] }
respond = 404
"#;
