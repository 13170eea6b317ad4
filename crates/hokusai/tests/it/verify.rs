//! `hokusai verify` and `hokusai doctor` as commands: keys, exit codes, forms, watching.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A `hokusai serve` that ends with the test.
struct Server {
    child: Child,
    folder: tempfile::TempDir,
    auth: String,
    registry: String,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = hokusai()
            .args([
                "serve",
                "--auth-listen=127.0.0.1:0",
                "--registry-listen=127.0.0.1:0",
                "--announce",
            ])
            .arg(format!(
                "--data-dir={}",
                folder.path().join("data").display()
            ))
            .arg(format!(
                "--bootstrap-key-file={}",
                folder.path().join("key").display()
            ))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut url = || {
            let said: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            said.get("url").unwrap().as_str().unwrap().to_owned()
        };
        let (auth, registry) = (url(), url());
        Self {
            child,
            folder,
            auth,
            registry,
        }
    }

    fn key_file(&self) -> String {
        self.folder.path().join("key").display().to_string()
    }

    fn verify(&self, more: &[&str]) -> Output {
        let mut command = hokusai();
        command.args(["verify", "--auth", &self.auth, "--registry", &self.registry]);
        command.args(more).output().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Without the settings of whoever runs the tests.
fn hokusai() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hokusai"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap());
    command
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn a_healthy_deployment_passes_and_every_report_says_so_without_the_key() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<String> = ["r.md", "r.json", "r.xml", "r.html"]
        .iter()
        .map(|name| folder.path().join(name).display().to_string())
        .collect();
    let mut arguments = vec!["--key-file".to_owned(), server.key_file()];
    arguments.extend(
        files
            .iter()
            .flat_map(|file| ["--report".to_owned(), file.clone()]),
    );
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = server.verify(&arguments);
    assert_eq!(code(&output), 0, "{output:?}");
    let key = std::fs::read_to_string(server.key_file()).unwrap();
    let texts: Vec<String> = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    for text in texts
        .iter()
        .chain([&String::from_utf8(output.stdout).unwrap()])
    {
        assert!(!text.contains(key.trim()));
    }
    assert!(texts[0].contains("✅ **PASSED**"));
    let json: Value = serde_json::from_str(&texts[1]).unwrap();
    assert_eq!(json["status"], "passed");
    assert!(texts[2].contains("failures=\"0\""));
    assert!(texts[3].contains("default-src 'none'"));
}

#[test]
fn the_run_leaves_nothing_behind() {
    let server = Server::start();
    assert_eq!(code(&server.verify(&["--key-file", &server.key_file()])), 0);
    let mut list = hokusai();
    list.args([
        "model",
        "list",
        "--json",
        "--registry-url",
        &server.registry,
        "--key-file",
        &server.key_file(),
    ]);
    let models = String::from_utf8(list.output().unwrap().stdout).unwrap();
    assert!(!models.contains("hokusai-verify"), "{models}");
    let mut keys = hokusai();
    keys.args([
        "keys",
        "list",
        "--json",
        "--auth-url",
        &server.auth,
        "--key-file",
        &server.key_file(),
    ]);
    let output = keys.output().unwrap();
    let keys: Value = serde_json::from_slice(&output.stdout).unwrap();
    let active = keys
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["is_active"] == true);
    assert_eq!(active.count(), 1, "{keys:#}");
}

#[test]
fn the_key_comes_from_the_environment_a_file_or_standard_input_and_never_from_an_argument() {
    let server = Server::start();
    let key = std::fs::read_to_string(server.key_file()).unwrap();
    let mut command = hokusai();
    command.args([
        "verify",
        "--auth",
        &server.auth,
        "--registry",
        &server.registry,
    ]);
    let output = command.env("HOKUSAI_API_KEY", key.trim()).output().unwrap();
    assert_eq!(code(&output), 0, "{output:?}");

    let mut command = hokusai();
    command.args([
        "verify",
        "--auth",
        &server.auth,
        "--registry",
        &server.registry,
        "--key-file",
        "-",
    ]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(key.as_bytes())
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));

    assert_eq!(code(&server.verify(&["--key", key.trim()])), 2);
    assert_eq!(code(&server.verify(&[])), 2, "no key at all");
    assert_eq!(code(&server.verify(&["--key-file", "/nowhere"])), 2);
}

#[test]
fn without_a_key_only_what_needs_none_is_checked() {
    let server = Server::start();
    let output = server.verify(&["--without-key", "--json"]);
    assert_eq!(code(&output), 0, "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let register = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["id"] == "registry.register");
    assert_eq!(register.unwrap()["state"], "not-run");
    assert_eq!(report["api_key"], Value::Null);
}

#[test]
fn what_is_wrong_with_the_command_line_is_said_before_anything_is_asked() {
    let server = Server::start();
    for wrong in [
        &["--without-key", "--report", "r.doc"][..],
        &["--without-key", "--rules", "/nowhere.toml"],
        &["--without-key", "--resolve", "auth"],
        &["--without-key", "--every", "3"],
    ] {
        let output = server.verify(wrong);
        assert!(matches!(code(&output), 2 | 3), "{wrong:?}: {output:?}");
        assert!(output.stdout.is_empty());
    }
    let mut command = hokusai();
    command.args([
        "verify",
        "--auth",
        "auth.example.com",
        "--registry",
        &server.registry,
    ]);
    assert_eq!(code(&command.output().unwrap()), 2);
}

#[test]
fn watching_prints_a_line_a_run_and_ends_as_the_last_one() {
    let server = Server::start();
    let output = server.verify(&[
        "--key-file",
        &server.key_file(),
        "--watch",
        "--every",
        "1",
        "--times",
        "2",
        "--json",
    ]);
    assert_eq!(code(&output), 0, "{output:?}");
    let lines: Vec<Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line["status"] == "passed"));
}

#[test]
fn the_doctor_finds_what_a_client_would_send_and_where() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join(".netrc"),
        "machine registry.example.com login u password p\n",
    )
    .unwrap();
    let output = hokusai()
        .args(["doctor", "--json", "--data-dir"])
        .arg(home.path().join("data"))
        .env("HOME", home.path())
        .env("MLFLOW_TRACKING_URI", "http://registry.example.com")
        .env("MLFLOW_TRACKING_TOKEN", "t")
        .output()
        .unwrap();
    assert_eq!(code(&output), 1, "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let state = |id: &str| {
        let findings = answer["findings"].as_array().unwrap();
        findings
            .iter()
            .find(|finding| finding["id"] == id)
            .map(|finding| finding["state"].clone())
    };
    for id in ["client.netrc", "client.clear", "client.key-form"] {
        assert_eq!(state(id), Some("wrong".into()), "{id}: {answer:#}");
    }
    assert_eq!(state("data.directory"), Some("noted".into()));
}
