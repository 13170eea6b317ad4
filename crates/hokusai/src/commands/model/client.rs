//! A registry over HTTP: where it is, with which key, and what its refusals say.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use hokusai_server::outbound;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde_json::Value;

use crate::exit::{Exit, Failure};

/// Which registry, and with which key. Keys never stand on the command line: it is seen by everybody on the machine.
#[derive(Args)]
pub(super) struct ClientArguments {
    /// The registry; the same address that MLflow's client uses.
    #[arg(
        long,
        env = "MLFLOW_TRACKING_URI",
        global = true,
        value_name = "URL",
        default_value = "http://127.0.0.1:5000"
    )]
    registry_url: String,
    /// Reads your key from this file; otherwise it is taken from `HOKUSAI_API_KEY` or `MLFLOW_TRACKING_TOKEN`.
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// An open way to the registry.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    key: Option<String>,
}

impl Client {
    /// Reads the key and checks the address: https, or this machine.
    pub(super) fn open(arguments: &ClientArguments) -> anyhow::Result<Self> {
        let base = outbound::auth_url(&arguments.registry_url).map_err(|error| {
            Failure::usage(
                error.to_string(),
                "check --registry-url or MLFLOW_TRACKING_URI",
            )
        })?;
        // No deadline for a whole upload, only for getting through.
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("hokusai/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            http,
            base,
            key: key(arguments.key_file.as_ref())?,
        })
    }

    /// Where the registry is.
    pub(super) fn address(&self) -> &str {
        self.base.as_str()
    }

    /// Asks a JSON endpoint; a refusal is an error with the server's own sentence.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let mut request = self.request(method, path, &[])?;
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = self.send(request).await?;
        response
            .json()
            .await
            .context("the registry's answer is not JSON")
    }

    /// A request to a path with a query, each part of them encoded.
    pub(super) fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> anyhow::Result<RequestBuilder> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| anyhow::anyhow!("the registry's address can't have a path"))?
            .pop_if_empty()
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.request(method, url);
        Ok(match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        })
    }

    /// Sends; anything but success is an error.
    pub(super) async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.send().await.map_err(|error| Failure {
            message: format!("the registry at {} did not answer: {error}", self.base),
            hint: Some(
                "check --registry-url or MLFLOW_TRACKING_URI, and that `hokusai serve` runs"
                    .to_owned(),
            ),
            exit: Exit::CouldNotRun,
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body: Value = response.json().await.unwrap_or_default();
        let message = body.get("message").and_then(Value::as_str);
        Err(anyhow::anyhow!(
            "{}",
            message.map_or_else(|| format!("the registry answered {status}"), str::to_owned)
        ))
    }
}

/// Without a key the registry decides; with `--no-auth` it needs none.
fn key(file: Option<&PathBuf>) -> anyhow::Result<Option<String>> {
    if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read `{}`", file.display()))?;
        return Ok(Some(text.trim().to_owned()));
    }
    let set = |name| {
        std::env::var(name)
            .ok()
            .map(|key| key.trim().to_owned())
            .filter(|key| !key.is_empty())
    };
    Ok(set("HOKUSAI_API_KEY").or_else(|| set("MLFLOW_TRACKING_TOKEN")))
}
