//! `hokusai routes` on the examples.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

fn example(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/routes");
    root.join(name).display().to_string()
}

fn routes(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hokusai"));
    command.arg("routes").args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_shared_listener_fails_with_the_one_request_that_shows_it() {
    let output = routes(&["check", &example("shared.toml"), "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found: Vec<&Value> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] != "note")
        .collect();
    assert_eq!(found.len(), 2, "{answer:#}");
    assert_eq!(
        (&found[0]["code"], &found[1]["code"]),
        (&"R002".into(), &"R004".into())
    );
    let message = found[0]["message"].as_str().unwrap();
    assert!(message.contains("`auth.example.com` is captured by the generic rule"));
    assert_eq!(found[0]["witness"]["method"], "GET");
    assert_eq!(found[0]["witness"]["host"], "auth.example.com");
    assert_eq!(found[0]["witness"]["path"], "/api");
    assert_eq!(found[0]["rule"], "generic-api");
    assert_eq!(found[0]["reaches"], "registry-api");
    assert_eq!(found[0]["expected"], "auth");
    let file = found[0]["file"].as_str().unwrap();
    let line = usize::try_from(found[0]["line"].as_u64().unwrap()).unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let named = text
        .lines()
        .skip(line - 1)
        .take(4)
        .any(|line| line.contains("generic-api"));
    assert!(named, "line {line} of {file} is not the rule's");
}

#[test]
fn people_are_shown_the_line_of_the_rule() {
    let output = routes(&["check", &example("shared.toml")]);
    let text = stdout(&output);
    assert!(text.contains("`GET auth.example.com/api` reaches target group `registry-api`"));
    assert!(text.contains("shared.toml:19:"), "{text}");
    assert!(text.ends_with("2 failures\n"), "{text}");
}

#[test]
fn a_listener_per_service_is_proven() {
    let output = routes(&["check", &example("dedicated.toml")]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).contains("proven: "));
}

#[test]
fn a_table_does_not_differ_from_itself() {
    let shared = example("shared.toml");
    let output = routes(&["diff", &shared, &shared]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(stdout(&output), "no request changes its target\n");
}

#[test]
fn an_explanation_names_the_rule_and_why_none_before_it() {
    let url = "https://auth.example.com/api";
    let output = routes(&["explain", &example("shared.toml"), url]);
    let text = stdout(&output);
    assert!(text.contains("`registry`: no, host `auth.example.com`"));
    assert!(text.contains("`generic-api`: yes, target group `registry-api`"));
}

#[test]
fn an_explanation_without_rules_says_where_the_url_stands() {
    let output = routes(&["explain", "https://auth.example.com/api"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("the URL after them"));
}

#[test]
fn the_repair_passes_the_check() {
    let output = routes(&["fix", &example("shared.toml")]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let directory = tempfile::tempdir().unwrap();
    let fixed = directory.path().join("fixed.toml");
    std::fs::write(&fixed, output.stdout).unwrap();
    let output = routes(&["check", &fixed.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn an_expectation_on_the_command_line_replaces_the_files() {
    let file = example("shared.toml");
    let expect = "auth.example.com=registry-api";
    let output = routes(&["check", &file, "--expect", expect]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn every_explanation_repair_and_conversion_can_be_read_by_a_program() {
    let shared = example("shared.toml");
    let read = |arguments: &[&str]| -> Value {
        let output = routes(arguments);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    };
    let why = read(&["explain", &shared, "https://auth.example.com/api", "--json"]);
    assert_eq!(why["listeners"][0]["rule"], "generic-api");
    assert_eq!(why["listeners"][0]["reaches"][0], "registry-api");
    assert_eq!(why["listeners"][0]["passed_over"][0]["rule"], "registry");
    let fixed = read(&["fix", &shared, "--json"]);
    assert_eq!(fixed["repairs"].as_array().unwrap().len(), 1, "{fixed:#}");
    assert!(
        fixed["table"]
            .as_str()
            .unwrap()
            .contains("auth.example.com")
    );
    let written = read(&["convert", &shared, "--to", "terraform", "--json"]);
    assert!(
        written["text"]
            .as_str()
            .unwrap()
            .contains("aws_lb_listener_rule")
    );
}

#[test]
fn what_is_converted_to_our_own_form_differs_in_nothing() {
    let shared = example("shared.toml");
    let directory = tempfile::tempdir().unwrap();
    let written = directory.path().join("written.toml");
    let output = routes(&["convert", &shared, "--to", "toml"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    std::fs::write(&written, output.stdout).unwrap();
    let output = routes(&["diff", &shared, &written.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_form_that_can_t_express_all_gives_no_text_and_says_what_is_missing() {
    // The example's certificates have no files.
    let output = routes(&["convert", &example("shared.toml"), "--to", "haproxy"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("a certificate of listener `https` has no files"),
        "{said}"
    );
}

#[test]
fn sarif_names_the_line_of_each_finding() {
    let output = routes(&["check", &example("shared.toml"), "--sarif"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    let result = &log["runs"][0]["results"][0];
    assert_eq!(
        (&result["ruleId"], &result["level"]),
        (&"R002".into(), &"error".into())
    );
    let place = &result["locations"][0]["physicalLocation"];
    assert!(
        place["artifactLocation"]["uri"]
            .as_str()
            .unwrap()
            .ends_with("shared.toml")
    );
    assert_eq!(place["region"]["startLine"], 19);
}

#[test]
fn the_picture_marks_the_capture_in_the_terminal_and_as_svg() {
    let shared = example("shared.toml");
    let text = stdout(&routes(&["graph", &shared]));
    assert!(text.contains("─▶ registry-api  ✗ R002 R004"), "{text}");
    let data: Value =
        serde_json::from_slice(&routes(&["graph", &shared, "--json"]).stdout).unwrap();
    assert_eq!(data["lanes"][0]["hosts"][0]["name"], "auth.example.com");
    let directory = tempfile::tempdir().unwrap();
    let drawing = directory.path().join("shared.svg");
    let output = routes(&["graph", &shared, "--svg", &drawing.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let drawing = std::fs::read_to_string(drawing).unwrap();
    assert!(drawing.starts_with("<svg ") && drawing.contains("generic-api"));
}
