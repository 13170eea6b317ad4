//! `hokusai model register`.

mod arguments;
mod journal;
mod upload;

use std::io::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

pub(super) use self::arguments::Register;
use self::journal::{Journal, Place};
use super::client::Client;
use super::tree;
use crate::exit::Exit;
use crate::system::SystemClock;
use hokusai_core::clock::Clock as _;

/// Checks everything that can be checked here, uploads to a staging place, and registers with one request: a failure at any point
/// leaves neither a model nor a version behind. What was interrupted goes on where it stopped.
pub(super) async fn run(
    client: &Client,
    register: &Register,
    as_json: bool,
) -> anyhow::Result<Exit> {
    let request = register.check()?;
    let files = tree::files(&register.path)?;
    let mut journal = Journal::open(client.address(), &request.name, &files);
    if let Some(staging) = resumed(client, &mut journal).await {
        eprintln!("going on with the registration that was interrupted");
        // Whatever is wrong with what lies there, a new place has it not.
        if let Ok(version) = attempt(&staging, &request, &files, as_json, &mut journal).await {
            return print(&version, as_json);
        }
    }
    let staging = Staging::open(client, &request, &mut journal).await?;
    let version = attempt(&staging, &request, &files, as_json, &mut journal).await?;
    print(&version, as_json)
}

/// The staging place that an interrupted run left, if it is still there.
async fn resumed<'c>(client: &'c Client, journal: &mut Journal) -> Option<Staging<'c>> {
    let staging = Staging {
        client,
        clock: SystemClock::start(),
        place: journal.left()?,
    };
    let status = staging.model().await.ok()?;
    (text(&status, "/model/info/status") == "LOGGED_MODEL_PENDING").then_some(staging)
}

async fn attempt(
    staging: &Staging<'_>,
    request: &Request,
    files: &[tree::LocalFile],
    is_quiet: bool,
    journal: &mut Journal,
) -> anyhow::Result<Value> {
    let failure = match staging.fill_and_register(request, files, is_quiet).await {
        Ok(version) => {
            staging.close("FINISHED").await;
            journal.clear();
            return Ok(version);
        }
        Err(failure) => failure,
    };
    // The answer may have been lost, not the request.
    match staging.became(&request.name).await {
        Ok(Some(version)) => {
            staging.close("FINISHED").await;
            journal.clear();
            Ok(version)
        }
        Ok(None) => {
            if staging.discard().await {
                journal.clear();
            }
            Err(failure)
        }
        // The registry can't be asked: nothing is taken away that may be registered.
        Err(_) => Err(failure),
    }
}

/// What is registered, checked.
pub(super) struct Request {
    name: String,
    metrics: Vec<(String, f64)>,
    aliases: Vec<String>,
    tags: Vec<Value>,
    description: String,
}

/// A run and a logged model that nobody refers to yet.
struct Staging<'c> {
    client: &'c Client,
    clock: SystemClock,
    place: Place,
}

impl<'c> Staging<'c> {
    async fn open(
        client: &'c Client,
        request: &Request,
        journal: &mut Journal,
    ) -> anyhow::Result<Self> {
        let clock = SystemClock::start();
        let run =
            json!({"experiment_id": "0", "start_time": clock.now_ms(), "run_name": request.name});
        let run = post(client, &["runs", "create"], &run).await?;
        let mut staging = Self {
            client,
            clock,
            place: Place {
                run_id: text(&run, "/run/info/run_id"),
                model_id: String::new(),
                artifact_uri: String::new(),
            },
        };
        let model =
            json!({"experiment_id": "0", "name": "model", "source_run_id": staging.place.run_id});
        let model = match post(client, &["logged-models"], &model).await {
            Ok(model) => model,
            Err(failure) => {
                staging.close("FAILED").await;
                return Err(failure);
            }
        };
        staging.place.model_id = text(&model, "/model/info/model_id");
        staging.place.artifact_uri = text(&model, "/model/info/artifact_uri");
        journal.note(&staging.place);
        Ok(staging)
    }

    async fn model(&self) -> anyhow::Result<Value> {
        let path = [
            "api",
            "2.0",
            "mlflow",
            "logged-models",
            &self.place.model_id,
        ];
        self.client.ask(Method::GET, &path, None).await
    }

    /// The version that the logged model became, if it did.
    async fn became(&self, name: &str) -> anyhow::Result<Option<Value>> {
        let model = self.model().await?;
        if text(&model, "/model/info/status") != "LOGGED_MODEL_READY" {
            return Ok(None);
        }
        let filter = format!("name = '{name}'");
        let query = [
            ("filter", filter.as_str()),
            ("order_by", "version_number DESC"),
        ];
        let path = ["api", "2.0", "mlflow", "model-versions", "search"];
        let request = self.client.request(Method::GET, &path, &query)?;
        let found: Value = self.client.send(request).await?.json().await?;
        let versions = found.get("model_versions").and_then(Value::as_array);
        let source = format!("models:/{}", self.place.model_id);
        let is_ours = |version: &&Value| text(version, "/source") == source;
        Ok(versions.and_then(|versions| versions.iter().find(is_ours).cloned()))
    }

    async fn fill_and_register(
        &self,
        request: &Request,
        files: &[tree::LocalFile],
        is_quiet: bool,
    ) -> anyhow::Result<Value> {
        let uploaded = upload::all(self.client, &self.place, files, is_quiet).await?;
        for (key, value) in &request.metrics {
            let metric = json!({
                "run_id": self.place.run_id, "model_id": self.place.model_id, "key": key, "value": value,
                "timestamp": self.clock.now_ms(),
            });
            post(self.client, &["runs", "log-metric"], &metric).await?;
        }
        let body = json!({
            "name": request.name, "model_id": self.place.model_id, "description": request.description,
            "tags": request.tags, "aliases": request.aliases, "files": uploaded,
        });
        let answer = self
            .client
            .ask(Method::POST, &["api", "models", "register"], Some(&body))
            .await?;
        Ok(answer.get("model_version").cloned().unwrap_or_default())
    }

    /// Ends the run. What was registered stands even if this doesn't get through.
    async fn close(&self, status: &str) {
        let body =
            json!({"run_id": self.place.run_id, "status": status, "end_time": self.clock.now_ms()});
        let _ = post(self.client, &["runs", "update"], &body).await;
    }

    /// Takes the staging place away; `false` when the registry can't be reached, so that the next run has to.
    async fn discard(&self) -> bool {
        let path = [
            "api",
            "2.0",
            "mlflow",
            "logged-models",
            &self.place.model_id,
        ];
        let is_gone = self.client.ask(Method::DELETE, &path, None).await.is_ok();
        self.close("FAILED").await;
        is_gone
    }
}

async fn post(client: &Client, path: &[&str], body: &Value) -> anyhow::Result<Value> {
    let path: Vec<&str> = ["api", "2.0", "mlflow"]
        .iter()
        .chain(path)
        .copied()
        .collect();
    client.ask(Method::POST, &path, Some(body)).await
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn print(version: &Value, as_json: bool) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    if as_json {
        serde_json::to_writer_pretty(&mut out, version)?;
        writeln!(out)?;
        return Ok(Exit::Fine);
    }
    let (name, number) = (text(version, "/name"), text(version, "/version"));
    writeln!(
        out,
        "registered version {number} of {name}: models:/{name}/{number}"
    )?;
    Ok(Exit::Fine)
}
