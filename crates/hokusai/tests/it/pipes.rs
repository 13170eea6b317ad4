//! Output that nobody reads to the end.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::Value;

use crate::process::ask;

#[test]
fn a_reader_that_goes_away_ends_a_command_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hokusai"))
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before anything can be written: every line meets a broken pipe.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(output.status.code(), Some(0), "{said}");
}

#[test]
fn a_document_that_is_read_in_part_ends_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hokusai"))
        .args(["openapi", "registry"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(output.status.code(), Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_goes_on_when_its_log_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hokusai"))
        .env("HOKUSAI_LOG", "debug")
        .args(["serve", "registry", "--no-auth", "--announce"])
        .args(["--registry-listen", "127.0.0.1:0"])
        .args(["--data-dir", &at("data")])
        .stdout(Stdio::piped())
        // Every write to it fails as on a full disk.
        .stderr(
            std::fs::File::options()
                .write(true)
                .open("/dev/full")
                .unwrap(),
        )
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let announced: Value = serde_json::from_str(&line).unwrap_or_default();
    let url = announced["url"].as_str().unwrap_or("http://127.0.0.1:1");
    let created = format!("{url}/api/2.0/mlflow/experiments/create");
    let answer = ask(
        Method::POST,
        &created,
        "",
        Some(serde_json::json!({"name": "n"})),
    )
    .await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}
