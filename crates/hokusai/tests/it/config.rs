//! Where settings come from, and what is said about names and values that are none.

use std::process::{Command, Output};

use serde_json::Value;

/// Runs the binary with an environment of its own.
fn hokusai(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hokusai"));
    command.env_clear().args(arguments);
    command.envs(environment.iter().copied()).output().unwrap()
}

fn shown(arguments: &[&str], environment: &[(&str, &str)]) -> Value {
    let arguments = [arguments, &["config", "show", "--json"]].concat();
    let output = hokusai(&arguments, environment);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A refused configuration: exit code 2, and what it says.
fn refused(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = hokusai(&[arguments, &["config", "show"]].concat(), environment);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    stderr(&output)
}

struct File {
    path: String,
    _directory: tempfile::TempDir,
}

fn file(text: &str) -> File {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hokusai.toml");
    std::fs::write(&path, text).unwrap();
    File {
        path: path.display().to_string(),
        _directory: directory,
    }
}

#[test]
fn a_flag_wins_over_the_environment_that_over_the_file_and_that_over_the_default() {
    let file =
        file("data-dir = 'of-file'\nauth-listen = '127.0.0.1:1'\nregistry_listen = '127.0.0.1:2'");
    let settings = shown(
        &["--config", &file.path, "--data-dir", "of-flag"],
        &[
            ("HOKUSAI_DATA_DIR", "of-environment"),
            ("HOKUSAI_AUTH_LISTEN", "127.0.0.1:3"),
        ],
    );
    for (name, value, kind, place) in [
        ("data-dir", "of-flag", "flag", Some("--data-dir")),
        (
            "auth-listen",
            "127.0.0.1:3",
            "environment",
            Some("HOKUSAI_AUTH_LISTEN"),
        ),
        (
            "registry-listen",
            "127.0.0.1:2",
            "file",
            Some(file.path.as_str()),
        ),
    ] {
        assert_eq!(settings[name]["value"], value, "{settings:#}");
        assert_eq!(settings[name]["source"]["kind"], kind, "{settings:#}");
        assert_eq!(
            settings[name]["source"]["name"].as_str(),
            place,
            "{settings:#}"
        );
    }
    assert_eq!(settings["auth-stale-window"]["value"], 60);
    assert_eq!(settings["auth-stale-window"]["source"]["kind"], "default");
    assert_eq!(settings["artifacts-url"]["value"], Value::Null);
}

#[test]
fn a_flag_counts_wherever_it_stands_on_the_command_line() {
    let output = hokusai(&["config", "show", "--json", "--data-dir", "late"], &[]);
    let settings: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(settings["data-dir"]["value"], "late");
    assert_eq!(settings["data-dir"]["source"]["name"], "--data-dir");
}

#[test]
fn what_is_shown_is_a_file_that_says_the_same() {
    let environment = [
        ("HOKUSAI_ALLOWED_HOST", "a.example.com,b.example.com"),
        ("HOKUSAI_TRUSTED_PROXY", "10.0.0.0/8"),
        ("HOKUSAI_BEHIND_TLS", "yes"),
        ("HOKUSAI_AUTH_STALE_WINDOW", "0"),
    ];
    let printed = hokusai(&["config", "show"], &environment);
    let text = String::from_utf8(printed.stdout).unwrap();
    assert!(
        text.contains("behind-tls = true  # environment HOKUSAI_BEHIND_TLS"),
        "{text}"
    );
    let file = file(&text);
    let (direct, through_file) = (
        shown(&[], &environment),
        shown(&["--config", &file.path], &[]),
    );
    for (name, setting) in direct.as_object().unwrap() {
        assert_eq!(setting["value"], through_file[name]["value"], "{name}");
    }
}

#[test]
fn a_section_of_the_file_is_a_prefix_of_its_names() {
    let file = file("[auth]\nstale_window = 5\nlisten = '127.0.0.1:9'");
    let settings = shown(&["--config", &file.path], &[]);
    assert_eq!(settings["auth-stale-window"]["value"], 5);
    assert_eq!(settings["auth-listen"]["value"], "127.0.0.1:9");
}

#[test]
fn secrets_are_hidden_wherever_they_come_from() {
    let file = file("database-url = 'postgres://hokusai:canary@127.0.0.1/db'");
    let url = (
        "HOKUSAI_DATABASE_URL",
        "postgres://hokusai:canary@127.0.0.1/db",
    );
    for (arguments, environment) in [
        (vec!["--config", file.path.as_str()], vec![]),
        (vec![], vec![url]),
    ] {
        for form in [
            ["config", "show"].as_slice(),
            &["config", "show", "--json"],
            &["--help"],
        ] {
            let output = hokusai(&[&arguments, form].concat(), &environment);
            let text = format!("{output:?}");
            assert_eq!(output.status.code(), Some(0), "{text}");
            assert!(!text.contains("canary"), "{text}");
            assert!(form == ["--help"] || text.contains("(hidden)"), "{text}");
        }
    }
    let broken = self::file("database-url = 'postgres://hokusai:canary@127.0.0.1/db");
    let said = refused(&["--config", &broken.path], &[]);
    assert!(
        !said.contains("canary") && said.contains("line 1"),
        "{said}"
    );
}

#[test]
fn a_password_on_the_command_line_is_refused() {
    let said = refused(&["--database-url", "postgres://u:canary@127.0.0.1/db"], &[]);
    assert!(
        said.contains("HOKUSAI_DATABASE_URL") && !said.contains("canary"),
        "{said}"
    );
    shown(&["--database-url", "postgres://u@127.0.0.1/db"], &[]);
}

#[test]
fn an_unknown_name_in_the_file_names_the_right_one() {
    let file = file("data-dri = 'x'");
    let said = refused(&["--config", &file.path], &[]);
    assert!(
        said.contains("sets `data-dri`") && said.contains("did you mean `data-dir`?"),
        "{said}"
    );
}

#[test]
fn an_unknown_flag_names_the_right_one() {
    let said = refused(&["--data-dri", "x"], &[]);
    assert!(
        said.contains("--data-dri") && said.contains("'--data-dir'"),
        "{said}"
    );
}

#[test]
fn a_near_miss_in_the_environment_is_an_error() {
    let said = refused(&[], &[("HOKUSAI_DATA_DRI", "x")]);
    assert!(
        said.contains("`HOKUSAI_DATA_DRI`") && said.contains("`HOKUSAI_DATA_DIR`"),
        "{said}"
    );
}

#[test]
fn unknown_and_retired_names_in_the_environment_are_warnings() {
    for (name, word) in [
        ("HOKUSAI_COLOUR", "no setting"),
        ("HOKUSAI_AUTH_SERVICE_URL", "HOKUSAI_AUTH_URL"),
    ] {
        let output = hokusai(&["config", "show"], &[(name, "x")]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let said = stderr(&output);
        assert!(
            said.contains("WARN") && said.contains(name) && said.contains(word),
            "{said}"
        );
    }
}

#[test]
fn what_kubernetes_injects_is_ignored() {
    let names = [
        ("HOKUSAI_PORT", "tcp://10.0.0.1:80"),
        ("HOKUSAI_SERVICE_HOST", "10.0.0.1"),
        ("HOKUSAI_AUTH_SERVICE_PORT", "8000"),
        ("HOKUSAI_PORT_8000_TCP_ADDR", "10.0.0.1"),
    ];
    let output = hokusai(&["config", "show"], &names);
    assert_eq!(
        (output.status.code(), stderr(&output)),
        (Some(0), String::new())
    );
}

#[test]
fn a_wrong_value_names_its_place() {
    let file = file("auth-listen = 'here'");
    let said = refused(&["--config", &file.path], &[]);
    assert!(
        said.contains(&file.path) && said.contains("`auth-listen`: `here`"),
        "{said}"
    );
    for (name, value) in [
        ("HOKUSAI_AUTH_LISTEN", "here"),
        ("HOKUSAI_NO_AUTH", "perhaps"),
        ("HOKUSAI_AUTH_STALE_WINDOW", "301"),
        ("HOKUSAI_TRUSTED_PROXY", "10.0.0.0/8,all"),
    ] {
        let said = refused(&[], &[(name, value)]);
        assert!(said.contains(name) && said.contains(value), "{said}");
    }
    let said = refused(&["--trusted-proxy", "0.0.0.0/0"], &[]);
    assert!(said.contains("choose their own address"), "{said}");
    let said = refused(&["--trusted-proxy", "::/0"], &[]);
    assert!(said.contains("choose their own address"), "{said}");
}

#[test]
fn beyond_loopback_tls_is_asked_for_and_no_auth_is_refused() {
    let said = refused(&["--registry-listen", "0.0.0.0:0"], &[]);
    assert!(said.contains("--behind-tls"), "{said}");
    shown(&["--registry-listen", "0.0.0.0:0", "--behind-tls"], &[]);
    let said = refused(
        &["--auth-listen", "0.0.0.0:0", "--behind-tls", "--no-auth"],
        &[],
    );
    assert!(said.contains("everybody could write"), "{said}");
}
