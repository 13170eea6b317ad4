//! `hokusai routes` on the incident and its cure in every form.
#![expect(
    clippy::indexing_slicing,
    reason = "fixtures of tests fail by panicking"
)]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn examples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/routes")
}

fn example(name: &str) -> String {
    examples().join(name).display().to_string()
}

fn routes(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hokusai"));
    command.arg("routes").args(arguments).output().unwrap()
}

fn check(paths: &[String]) -> (Output, Value) {
    let intent = example("intent.toml");
    let mut arguments: Vec<&str> = vec!["check", "--json", "--intent", &intent];
    arguments.extend(paths.iter().map(String::as_str));
    let output = routes(&arguments);
    let answer = serde_json::from_slice(&output.stdout).unwrap();
    (output, answer)
}

/// The incident: one sentence that names host, rule, request and where it ends, and exit code 1.
fn assert_captured(paths: &[String]) {
    let (output, answer) = check(paths);
    assert_eq!(output.status.code(), Some(1), "{answer:#}");
    let findings = answer["findings"].as_array().unwrap();
    let errors: Vec<&Value> = findings
        .iter()
        .filter(|finding| finding["witness"]["host"] == "auth.example.com")
        .collect();
    assert_eq!(errors.len(), 1, "{answer:#}");
    let found = errors[0];
    let message = found["message"].as_str().unwrap();
    assert!(
        message.contains("`auth.example.com` is captured by the generic rule"),
        "{message}"
    );
    assert!(!message.contains('\n'));
    assert_eq!(found["witness"]["method"], "GET");
    assert_eq!(found["severity"], "error");
    assert_eq!(found["witness"]["path"], "/api");
    assert_eq!(found["reaches"], "registry-api");
    assert_eq!(found["expected"], "auth");
}

/// The cure: nothing fails, and both hosts are proven to reach nothing but their own service.
fn assert_isolated(paths: &[String]) {
    let (output, answer) = check(paths);
    assert_eq!(output.status.code(), Some(0), "{answer:#}");
    let proven: Vec<&str> = answer["proven"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sentence| sentence.as_str().unwrap())
        .collect();
    for service in ["auth", "registry"] {
        let isolated = format!("`{service}.example.com` reaches nothing but `{service}`");
        let times = proven.iter().filter(|proof| proof.ends_with(&isolated));
        assert_eq!(times.count(), 2, "{proven:?}");
    }
}

#[test]
fn the_incident_is_found_in_what_aws_prints() {
    assert_captured(&[example("aws/shared")]);
}

#[test]
fn rules_alone_show_the_incident() {
    assert_captured(&[example("aws/shared/rules.json")]);
}

#[test]
fn the_dedicated_balancers_are_proven_from_what_aws_prints() {
    assert_isolated(&[example("aws/dedicated")]);
}

#[test]
fn the_incident_is_found_in_a_plan() {
    assert_captured(&[example("terraform-plan/shared.json")]);
}

#[test]
fn the_dedicated_balancers_are_proven_from_a_plan() {
    assert_isolated(&[example("terraform-plan/dedicated.json")]);
}

#[test]
fn the_incident_is_found_in_terraforms_source() {
    assert_captured(&[example("hcl/shared")]);
    assert_captured(&[example("tf.json/shared")]);
}

#[test]
fn the_dedicated_balancers_are_proven_from_terraforms_source() {
    assert_isolated(&[example("hcl/dedicated")]);
    assert_isolated(&[example("tf.json/dedicated")]);
}

#[test]
fn the_incident_is_found_in_a_state_and_its_cure_is_proven() {
    assert_captured(&[example("terraform-state/shared.json")]);
    assert_isolated(&[example("terraform-state/dedicated.json")]);
}

#[test]
fn no_output_shows_what_a_plan_marks_as_sensitive() {
    let text = std::fs::read_to_string(example("terraform-plan/modules.json")).unwrap();
    assert!(text.contains("swordfish-7"));
    let directory = tempfile::tempdir().unwrap();
    // A finding on the very line of the secret, and a plan that is broken off after it.
    let one_line = text
        .replace(['\n'], "")
        .replace("\"priority\": 10", "\"priority\": null");
    let broken = text.rsplit_once("swordfish-7").unwrap().0.to_owned() + "swordfish-7";
    for (name, text) in [
        ("line.json", one_line),
        ("broken.json", broken),
        ("plan.json", text),
    ] {
        let plan = directory.path().join(name).display().to_string();
        std::fs::write(&plan, text).unwrap();
        for command in [
            vec!["check", &plan],
            vec!["check", "--json", &plan],
            vec!["check", "--sarif", &plan],
            vec!["explain", &plan, "https://registry.example.com/"],
            vec!["diff", &plan, &plan],
            vec!["fix", &plan],
            vec!["convert", "--to", "toml", &plan],
            vec!["convert", "--to", "terraform", &plan],
        ] {
            let output = routes(&command);
            let shown = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(!shown.contains("swordfish"), "{command:?}: {shown}");
            assert!(!shown.is_empty(), "{command:?}");
        }
    }
}

#[test]
fn a_form_that_is_given_is_not_guessed() {
    let output = routes(&[
        "check",
        "--format",
        "toml",
        &example("aws/shared/rules.json"),
    ]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let output = routes(&["check", "--format", "yaml", &example("aws/shared")]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn files_of_two_forms_are_not_made_one_table() {
    let (output, answer) = check(&[example("shared.toml"), example("aws/shared/rules.json")]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let message = answer["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains("is of the form `aws`"), "{message}");
}

#[test]
fn the_standard_input_is_a_file_called_dash() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hokusai"))
        .args(["routes", "check", "-", "--expect", "auth.example.com=auth"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = std::fs::read(examples().join("aws/shared/rules.json")).unwrap();
    child.stdin.take().unwrap().write_all(&text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("--> standard input:3:9"), "{text}");
}
