//! `hokusai model register` through the binary: all or nothing whatever breaks, and on from where it stopped.
#![expect(
    clippy::indexing_slicing,
    reason = "answers of tests are indexed by what must be there"
)]

mod proxy;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use self::proxy::{Fault, Proxy};

const BINARY: &str = env!("CARGO_BIN_EXE_hokusai");

/// A running registry without keys, and a model of three files.
struct World {
    directory: tempfile::TempDir,
    server: Child,
    url: String,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let model = directory.path().join("model");
        std::fs::create_dir_all(model.join("deep")).unwrap();
        std::fs::write(model.join("MLmodel"), "flavors: {}").unwrap();
        std::fs::write(model.join("deep/a.bin"), vec![7; 300_000]).unwrap();
        std::fs::write(model.join("z.bin"), vec![9; 100_000]).unwrap();
        let mut server = Command::new(BINARY)
            .args(["serve", "registry", "--no-auth", "--announce"])
            .args(["--registry-listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory.path().join("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = server.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let announced: Value = serde_json::from_str(&line).unwrap();
        let url = announced["url"].as_str().unwrap().to_owned();
        Self {
            directory,
            server,
            url,
        }
    }

    fn command(&self, url: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(["model", "--registry-url", url, "--json"])
            .args(arguments)
            .env("XDG_STATE_HOME", self.directory.path().join("state"))
            .env_remove("MLFLOW_TRACKING_URI")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn register(&self, url: &str, more: &[&str]) -> Command {
        let model = self.directory.path().join("model");
        let mut arguments = vec!["register", model.to_str().unwrap(), "--name", "churn"];
        arguments.extend(more);
        self.command(url, &arguments)
    }

    fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.command(&self.url, arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn models(&self) -> usize {
        let listed = self.ask(&["list"]);
        listed
            .as_array()
            .or_else(|| listed["models"].as_array())
            .unwrap()
            .len()
    }

    /// Name and status of the logged models that are not deleted.
    fn logged(&self) -> Vec<String> {
        let body = r#"{"experiment_ids": ["0"]}"#;
        let found = proxy::post(&self.url, "/api/2.0/mlflow/logged-models/search", body);
        let models = found["models"].as_array().cloned().unwrap_or_default();
        let status = |model: &Value| model["info"]["status"].as_str().unwrap().to_owned();
        models.iter().map(status).collect()
    }

    fn downloads_what_was_registered(&self, version: &str) {
        let to = self.directory.path().join(format!("got-{version}"));
        let reference = format!("churn/{version}");
        self.ask(&["download", &reference, "--output", to.to_str().unwrap()]);
        for file in ["MLmodel", "deep/a.bin", "z.bin"] {
            let sent = std::fs::read(self.directory.path().join("model").join(file)).unwrap();
            assert!(
                found_below(&to, file).is_some_and(|got| got == sent),
                "{file}"
            );
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn found_below(directory: &Path, file: &str) -> Option<Vec<u8>> {
    std::fs::read(directory.join(file)).ok()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_model_comes_with_all_that_belongs_to_it() {
    let world = World::new();
    let more = [
        "--metric",
        "auroc=0.87",
        "--baseline",
        "0.82",
        "--alias",
        "champion",
        "--tag",
        "team=red",
    ];
    let output = world.register(&world.url, &more).output().unwrap();
    assert!(output.status.success(), "{}", error(&output));
    let version: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&version["version"], &version["aliases"][0]),
        (&"1".into(), &"champion".into())
    );
    assert_eq!(world.logged(), ["LOGGED_MODEL_READY"]);
    world.downloads_what_was_registered("1");
}

#[test]
fn a_metric_beyond_its_baseline_registers_nothing() {
    let world = World::new();
    for (metric, baseline) in [("auroc=0.81", "0.82"), ("rmse=0.83", "0.82")] {
        let more = ["--metric", metric, "--baseline", baseline];
        let output = world.register(&world.url, &more).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "{metric}: {}",
            error(&output)
        );
        assert!(
            error(&output).contains("nothing was registered"),
            "{}",
            error(&output)
        );
    }
    assert_eq!((world.models(), world.logged().len()), (0, 0));
    let lower = ["--metric", "rmse=0.81", "--baseline", "0.82"];
    assert!(
        world
            .register(&world.url, &lower)
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn a_fault_at_any_stage_leaves_neither_model_nor_version() {
    let world = World::new();
    for stage in [
        "/runs/create",
        "POST /api/2.0/mlflow/logged-models ",
        "/artifacts/directories",
        "/MLmodel",
        "/deep/a.bin",
        "/z.bin",
        "/runs/log-metric",
        "/api/models/register",
    ] {
        for fault in [Fault::Close, Fault::Refuse] {
            let proxy = Proxy::new(&world.url, stage, fault);
            let more = ["--metric", "auroc=0.87", "--alias", "champion"];
            let output = world.register(&proxy.url, &more).output().unwrap();
            assert!(proxy.has_met(), "{stage}: the fault was never met");
            assert!(!output.status.success(), "{stage}: {output:?}");
            assert!(
                error(&output).contains("error:"),
                "{stage}: {}",
                error(&output)
            );
            assert_eq!(world.models(), 0, "{stage}");
            assert!(world.logged().is_empty(), "{stage}: {:?}", world.logged());
        }
    }
    assert!(world.register(&world.url, &[]).status().unwrap().success());
    world.downloads_what_was_registered("1");
}

#[test]
fn a_registration_whose_answer_was_lost_is_one_registration() {
    let world = World::new();
    let proxy = Proxy::new(&world.url, "/api/models/register", Fault::LoseAnswer);
    let output = world.register(&proxy.url, &[]).output().unwrap();
    assert!(proxy.has_met());
    assert!(output.status.success(), "{}", error(&output));
    let version: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(version["version"], "1");
    assert_eq!(world.logged(), ["LOGGED_MODEL_READY"]);
    world.downloads_what_was_registered("1");
}

#[test]
fn a_registration_that_was_killed_goes_on_where_it_stopped() {
    let world = World::new();
    let proxy = Proxy::new(&world.url, "/z.bin", Fault::Hold);
    let mut child = world.register(&proxy.url, &[]).spawn().unwrap();
    proxy.wait();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        (world.models(), world.logged()),
        (0, vec!["LOGGED_MODEL_PENDING".to_owned()])
    );
    // Through the same address, which is how it is found again.
    proxy.heal();
    let output = world.register(&proxy.url, &[]).output().unwrap();
    assert!(output.status.success(), "{}", error(&output));
    assert!(error(&output).contains("going on"), "{}", error(&output));
    let uploads = proxy.seen("PUT ");
    let count = |file: &str| uploads.iter().filter(|line| line.contains(file)).count();
    assert_eq!(
        (count("/MLmodel"), count("/deep/a.bin"), count("/z.bin")),
        (1, 1, 2)
    );
    assert_eq!(world.logged(), ["LOGGED_MODEL_READY"]);
    world.downloads_what_was_registered("1");
}

#[test]
fn a_file_that_changed_in_between_is_noticed_and_sent_again() {
    let world = World::new();
    let proxy = Proxy::new(&world.url, "/z.bin", Fault::Hold);
    let mut child = world.register(&proxy.url, &[]).spawn().unwrap();
    proxy.wait();
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::write(
        world.directory.path().join("model/deep/a.bin"),
        vec![8; 300_000],
    )
    .unwrap();
    proxy.heal();
    let output = world.register(&proxy.url, &[]).output().unwrap();
    assert!(output.status.success(), "{}", error(&output));
    assert_eq!(world.logged(), ["LOGGED_MODEL_READY"]);
    world.downloads_what_was_registered("1");
}
