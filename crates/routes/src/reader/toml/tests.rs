use proptest::prelude::*;

use super::*;
use crate::matcher::select;
use crate::model::{Action, Protocol};
use crate::request::Request;

fn read_text(text: &str) -> Reading {
    read(&Source::new(0, "routes.toml", text))
}

const TABLE: &str = r#"
[[listener]]
protocol = "https"
port = 443
default = { respond = { status = 404, body = "no such host" } }

[[listener.rule]]
name = "auth"
priority = 10
host = "auth.example.com"
path = ["/api/*", { regex = "^/v[0-9]+/" }]
header = { X-Env = "canary*" }
query = ["version=v1", { value = "x" }]
condition = [{ query = "a=1" }]
source_ip = "127.0.0.0/8"
forward = [{ group = "auth", weight = 9 }, { group = "next" }]

[target_group.auth]
targets = ["127.0.0.1:8000"]
health = { path = "/health", timeout_s = 5, status = "200-299" }

[intent."auth.example.com"]
may = ["auth"]
must = { "/api/v1/*" = "auth" }
"#;

#[test]
fn a_whole_table_is_read() {
    let reading = read_text(TABLE);
    assert!(reading.findings.is_empty(), "{:?}", reading.findings);
    let table = reading.table;
    let listener = &table.listeners[0];
    assert_eq!(
        (listener.name.as_str(), listener.protocol),
        ("https-443", Protocol::Https)
    );
    assert_eq!(listener.rules[0].conditions.len(), 6);
    assert_eq!(listener.rules[0].action.reached_groups(), ["auth", "next"]);
    assert_eq!(table.target_groups[0].health.interval_s, 30);
    assert_eq!(table.target_groups[0].health.matcher(), "200-299");
    assert_eq!(
        table.intent.host("auth.example.com").unwrap().must[0].group,
        "auth"
    );
    let mut request = Request::get("auth.example.com", "/v2/");
    request.headers = vec![("x-env".into(), "Canary-1".into())];
    request.query = Request::split_query("version=v1&a=1");
    assert!(matches!(
        select(listener, &request).action,
        Action::Forward(_)
    ));
}

#[test]
fn what_is_not_understood_is_reported_with_its_place_and_the_right_word() {
    let reading = read_text(
        "[[listener]]\nport = 80\n[[listener.rule]]\npriority = 1\nhosts = 'a.b'\nforward = 'x'\n",
    );
    let finding = &reading.findings[0];
    assert_eq!(finding.message, "`hosts` is not a known key");
    assert_eq!(finding.help, "write `host`");
    let place = reading.table.sources[0]
        .place(finding.span.unwrap())
        .unwrap();
    assert_eq!((place.line, place.column, place.width), (5, 1, 5));
}

#[test]
fn each_wrong_value_has_its_own_message() {
    for (line, message) in [
        (
            "path = { regex = '(' }",
            "regex `(` does not compile: unclosed group",
        ),
        (
            "source_ip = '10.0.0.0/40'",
            "`10.0.0.0/40` is not an address range",
        ),
        ("query = 'version'", "query `version` has no `=`"),
        ("host = 7", "expected a table, found integer"),
        (
            "redirect = {}",
            "`exactly one of forward, redirect, respond` is missing",
        ),
    ] {
        let text = format!(
            "[[listener]]\nport = 80\n[[listener.rule]]\npriority = 1\nforward = 'x'\n{line}\n"
        );
        let messages: Vec<_> = read_text(&text)
            .findings
            .into_iter()
            .map(|f| f.message)
            .collect();
        assert_eq!(messages, [message]);
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        read_text(&text);
    }

    #[test]
    fn no_damage_to_a_good_text_makes_it_panic(at in 0..TABLE.len(), bytes in prop::collection::vec(any::<u8>(), 0..4)) {
        let mut text = TABLE.as_bytes().to_vec();
        text.splice(at..(at + bytes.len()).min(text.len()), bytes);
        read_text(&String::from_utf8_lossy(&text));
    }
}
