//! Writers of every kind, and what each was told is done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;

use crate::process::{Server, ask, client, mint};

/// What was acknowledged, or what is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    /// Steps that were logged, by run.
    pub(crate) steps: BTreeMap<String, i64>,
    /// Versions with the digest of their file.
    pub(crate) versions: BTreeMap<String, String>,
    /// Keys by name.
    pub(crate) keys: BTreeSet<String>,
    /// Rounds of whoever replaces and deletes.
    rounds: usize,
}

impl Done {
    /// Everything of `before`, nothing that is not of `after`, and no gap.
    pub(crate) fn assert_between(&self, before: &Self, after: &Self) {
        for (run, steps) in &after.steps {
            let (least, found) = (before.steps.get(run).unwrap_or(&0), self.steps[run]);
            // One more may have been written whose answer was not counted yet.
            assert!(
                *least <= found && found <= steps + 1,
                "{run}: {least} {found} {steps}"
            );
        }
        for (version, sha256) in &before.versions {
            assert_eq!(
                self.versions.get(version),
                Some(sha256),
                "version {version}"
            );
        }
        for key in &before.keys {
            assert!(self.keys.contains(key), "key {key}");
        }
    }
}

/// Running writers.
pub(crate) struct Load {
    done: Arc<Mutex<Done>>,
    stop: Arc<AtomicBool>,
    tasks: Mutex<JoinSet<()>>,
}

#[derive(Clone)]
struct Writer {
    done: Arc<Mutex<Done>>,
    stop: Arc<AtomicBool>,
    registry: String,
    auth: String,
    key: String,
    run: String,
}

impl Load {
    /// Makes the model `tea` and starts two of each kind.
    pub(crate) async fn start(server: &Server, key: &str) -> Self {
        let made = post(
            server.url("registry"),
            key,
            "registered-models/create",
            json!({"name": "tea"}),
        )
        .await;
        assert!(made["registered_model"].is_object(), "{made}");
        Self::start_where_tea_is(server, key).await
    }

    /// The same where the model is there.
    pub(crate) async fn start_where_tea_is(server: &Server, key: &str) -> Self {
        let load = Self {
            done: Arc::default(),
            stop: Arc::default(),
            tasks: Mutex::default(),
        };
        let registry = server.url("registry").to_owned();
        for _ in 0..2 {
            let body = json!({"experiment_id": "0", "start_time": 1});
            let run = post(&registry, key, "runs/create", body).await;
            let writer = Writer {
                done: Arc::clone(&load.done),
                stop: Arc::clone(&load.stop),
                registry: registry.clone(),
                auth: server.url("auth").to_owned(),
                key: key.to_owned(),
                run: run["run"]["info"]["run_id"].as_str().unwrap().to_owned(),
            };
            let mut tasks = load.tasks.lock().unwrap();
            tasks.spawn(writer.clone().log_metrics());
            tasks.spawn(writer.clone().register_models());
            tasks.spawn(writer.clone().mint_keys());
            tasks.spawn(writer.replace_and_delete());
        }
        load
    }

    pub(crate) fn acknowledged(&self) -> Done {
        self.done.lock().unwrap().clone()
    }

    /// Waits until each kind got somewhere.
    pub(crate) async fn until_each_did(&self, least: i64) {
        let few = usize::try_from(least).unwrap();
        loop {
            let done = self.acknowledged();
            let logged = done.steps.len() == 2 && done.steps.values().all(|steps| *steps >= least);
            let others = [done.versions.len(), done.keys.len(), done.rounds];
            if logged && others.iter().all(|count| *count >= few) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends the writers; answers all that was acknowledged.
    pub(crate) async fn stop(&self) -> Done {
        self.stop.store(true, Ordering::Relaxed);
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap());
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        self.acknowledged()
    }
}

impl Writer {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    async fn log_metrics(self) {
        let mut steps = 0;
        while self.goes_on() {
            log(&self.registry, &self.key, &self.run, steps).await;
            steps += 1;
            let mut done = self.done.lock().unwrap();
            done.steps.insert(self.run.clone(), steps);
        }
    }

    async fn register_models(self) {
        let mut number = 0;
        while self.goes_on() {
            let bytes = format!("{} {number} ", self.run).repeat(2000).into_bytes();
            let (version, sha256) = self.register(&format!("m{number}"), &bytes).await;
            self.done.lock().unwrap().versions.insert(version, sha256);
            number += 1;
        }
    }

    async fn register(&self, folder: &str, bytes: &[u8]) -> (String, String) {
        let below = format!("0/{}/artifacts/{folder}", self.run);
        self.put(&format!("{below}/model.bin"), bytes).await;
        let body = json!({"name": "tea", "source": format!("mlflow-artifacts:/{below}"), "run_id": self.run});
        let made = post(&self.registry, &self.key, "model-versions/create", body).await;
        let version = made["model_version"]["version"].as_str();
        let version = version.unwrap_or_else(|| panic!("{made}"));
        (version.to_owned(), sha256(bytes))
    }

    async fn mint_keys(self) {
        let mut number = 0;
        while self.goes_on() {
            let name = format!("{}-{number}", self.run);
            mint(&self.auth, &self.key, json!({"name": name})).await;
            self.done.lock().unwrap().keys.insert(name);
            number += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What a backup must not stumble over: a file that is replaced all the time, one that comes and goes, and a version that is
    /// deleted together with its files.
    async fn replace_and_delete(self) {
        while self.goes_on() {
            let round = self.done.lock().unwrap().rounds;
            let below = format!("0/{}/artifacts", self.run);
            self.put(&format!("{below}/latest"), round.to_string().as_bytes())
                .await;
            self.put(&format!("{below}/passing"), b"here").await;
            let (version, _) = self.register("short-lived", b"gone").await;
            self.delete_file(&format!("{below}/passing")).await;
            let body = Some(json!({"name": "tea", "version": version}));
            let url = format!("{}/api/2.0/mlflow/model-versions/delete", self.registry);
            let deleted = ask(Method::DELETE, &url, &self.key, body).await;
            assert_eq!(deleted.status, 200, "{deleted:?}");
            self.delete_file(&format!("{below}/short-lived")).await;
            self.done.lock().unwrap().rounds += 1;
        }
    }

    async fn put(&self, path: &str, bytes: &[u8]) {
        let request = client().put(artifact(&self.registry, path));
        let answer = request.bearer_auth(&self.key).body(bytes.to_vec()).send();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200, "{path}: {:?}", answer.text().await);
    }

    async fn delete_file(&self, path: &str) {
        let url = artifact(&self.registry, path);
        let deleted = ask(Method::DELETE, &url, &self.key, None).await;
        assert_eq!(deleted.status, 200, "{path}: {deleted:?}");
    }
}

pub(crate) fn artifact(registry: &str, path: &str) -> String {
    format!("{registry}/api/2.0/mlflow-artifacts/artifacts/{path}")
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap();
    let digits = digest
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}

pub(crate) async fn post(registry: &str, key: &str, path: &str, body: Value) -> Value {
    let url = format!("{registry}/api/2.0/mlflow/{path}");
    let answer = ask(Method::POST, &url, key, Some(body)).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.body
}

async fn log(registry: &str, key: &str, run: &str, step: i64) {
    let body = json!({"run_id": run, "key": "loss", "value": step, "timestamp": 1, "step": step});
    post(registry, key, "runs/log-metric", body).await;
}

/// Logs once more where a writer stopped: what numbers rows must go on from where it was.
pub(crate) async fn log_another(server: &Server, key: &str, done: &Done) {
    let registry = server.url("registry");
    let body = json!({"experiment_id": "0", "start_time": 1});
    let made = post(registry, key, "runs/create", body).await;
    let run = made["run"]["info"]["run_id"].as_str().unwrap();
    log(registry, key, run, 0).await;
    for (run, steps) in &done.steps {
        log(registry, key, run, *steps).await;
    }
    post(
        registry,
        key,
        "registered-models/create",
        json!({"name": "milk"}),
    )
    .await;
    post(registry, key, "experiments/create", json!({"name": "next"})).await;
}

/// What a server holds of what was acknowledged.
pub(crate) async fn read(server: &Server, key: &str, done: &Done) -> Done {
    let registry = server.url("registry");
    let mut found = Done::default();
    for run in done.steps.keys() {
        let history = format!(
            "{registry}/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key=loss&max_results=25000"
        );
        let history = ask(Method::GET, &history, key, None).await.body;
        let mut steps: Vec<i64> = history["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|metric| metric["step"].as_i64().unwrap_or(0))
            .collect();
        steps.sort_unstable();
        let count = i64::try_from(steps.len()).unwrap();
        assert_eq!(steps, (0..count).collect::<Vec<_>>(), "a gap in {run}");
        found.steps.insert(run.clone(), count);
    }
    for version in done.versions.keys() {
        if let Some(sha256) = digest_of(server, key, version).await {
            found.versions.insert(version.clone(), sha256);
        }
    }
    let url = format!("{}/api/v1/keys?limit=1000", server.url("auth"));
    let listed = ask(Method::GET, &url, key, None).await.body;
    let listed = listed.as_array().unwrap();
    found.keys = listed
        .iter()
        .map(|key| key["name"].as_str().unwrap().to_owned())
        .collect();
    found
}

/// Downloads the file of every version that the server lists; answers how many there are.
pub(crate) async fn check_versions(server: &Server, key: &str) -> usize {
    let url = format!(
        "{}/api/2.0/mlflow/model-versions/search?max_results=10000",
        server.url("registry")
    );
    let listed = ask(Method::GET, &url, key, None).await.body;
    let versions = listed["model_versions"].as_array().unwrap();
    for version in versions {
        let number = version["version"].as_str().unwrap();
        assert!(digest_of(server, key, number).await.is_some(), "{version}");
    }
    versions.len()
}

async fn digest_of(server: &Server, key: &str, version: &str) -> Option<String> {
    let registry = server.url("registry");
    let url = format!(
        "{registry}/api/2.0/mlflow/model-versions/get-download-uri?name=tea&version={version}"
    );
    let found = ask(Method::GET, &url, key, None).await;
    if found.status == 404 {
        return None;
    }
    let uri = found.body["artifact_uri"].as_str().unwrap();
    let path = uri.strip_prefix("mlflow-artifacts:/").unwrap();
    let file = artifact(registry, &format!("{path}/model.bin"));
    let answer = client().get(file).bearer_auth(key).send().await.unwrap();
    assert_eq!(answer.status(), 200, "version {version}");
    Some(sha256(&answer.bytes().await.unwrap()))
}
