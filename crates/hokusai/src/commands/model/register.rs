//! `hokusai model register`.

mod arguments;
mod upload;

use std::io::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

pub(super) use self::arguments::Register;
use super::client::Client;
use super::tree;
use crate::exit::Exit;
use crate::system::SystemClock;
use hokusai_core::clock::Clock as _;

/// Checks everything that can be checked here, uploads to a staging place, and registers with one request: a failure
/// at any point leaves neither a model nor a version behind.
pub(super) async fn run(
    client: &Client,
    register: &Register,
    as_json: bool,
) -> anyhow::Result<Exit> {
    let request = register.check()?;
    let files = tree::files(&register.path)?;
    let staging = Staging::open(client, &request).await?;
    match staging.fill_and_register(&request, &files, as_json).await {
        Ok(version) => {
            staging.close("FINISHED").await;
            print(&version, as_json)?;
            Ok(Exit::Fine)
        }
        Err(error) => {
            staging.discard().await;
            Err(error)
        }
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
    run_id: String,
    model_id: String,
    artifact_uri: String,
}

impl<'c> Staging<'c> {
    async fn open(client: &'c Client, request: &Request) -> anyhow::Result<Self> {
        let clock = SystemClock::start();
        let run =
            json!({"experiment_id": "0", "start_time": clock.now_ms(), "run_name": request.name});
        let run = post(client, &["runs", "create"], &run).await?;
        let run_id = text(&run, "/run/info/run_id");
        let model = json!({"experiment_id": "0", "name": "model", "source_run_id": run_id});
        let model = post(client, &["logged-models"], &model).await?;
        Ok(Self {
            client,
            clock,
            run_id,
            model_id: text(&model, "/model/info/model_id"),
            artifact_uri: text(&model, "/model/info/artifact_uri"),
        })
    }

    async fn fill_and_register(
        &self,
        request: &Request,
        files: &[tree::LocalFile],
        is_quiet: bool,
    ) -> anyhow::Result<Value> {
        let uploaded = upload::all(self.client, &self.artifact_uri, files, is_quiet).await?;
        for (key, value) in &request.metrics {
            let metric = json!({"run_id": self.run_id, "key": key, "value": value, "timestamp": self.clock.now_ms()});
            post(self.client, &["runs", "log-metric"], &metric).await?;
        }
        let body = json!({
            "name": request.name, "model_id": self.model_id, "description": request.description,
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
            json!({"run_id": self.run_id, "status": status, "end_time": self.clock.now_ms()});
        let _ = post(self.client, &["runs", "update"], &body).await;
    }

    /// Takes the staging place away as far as the registry can still be reached; nothing refers to it in any case.
    async fn discard(&self) {
        let path = ["api", "2.0", "mlflow", "logged-models", &self.model_id];
        let _ = self.client.ask(Method::DELETE, &path, None).await;
        self.close("FAILED").await;
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

fn print(version: &Value, as_json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        serde_json::to_writer_pretty(&mut out, version)?;
        writeln!(out)?;
        return Ok(());
    }
    let (name, number) = (text(version, "/name"), text(version, "/version"));
    writeln!(
        out,
        "registered version {number} of {name}: models:/{name}/{number}"
    )?;
    Ok(())
}
