//! A client of both services, as small as the demo needs.

use anyhow::Context as _;
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

/// Requests to one service with one key.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

impl Client {
    pub(super) fn new(base: &str, key: &str) -> anyhow::Result<Self> {
        // Proxies of the environment have no business on loopback.
        let http = reqwest::Client::builder()
            .no_proxy()
            .dns_resolver(std::sync::Arc::new(hokusai_server::outbound::LoopbackNames))
            .build()?;
        Ok(Self {
            http,
            base: base.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The same service with another key.
    pub(super) fn with_key(&self, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            ..self.clone()
        }
    }

    /// Status and body, whatever the status.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        Ok((
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        ))
    }

    /// The body of a success; anything else is an error that quotes the service.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let (status, answer) = self.ask(method.clone(), path, body).await?;
        anyhow::ensure!(
            status.is_success(),
            "{method} {path} answered {status}: {}",
            message(&answer)
        );
        Ok(answer)
    }

    pub(super) async fn upload(&self, path: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        let sent = self
            .http
            .put(format!("{}{path}", self.base))
            .bearer_auth(&self.key)
            .body(bytes)
            .send()
            .await?;
        succeeded(sent, path).await.map(drop)
    }

    pub(super) async fn download(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let got = self
            .http
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.key)
            .send()
            .await?;
        Ok(succeeded(got, path).await?.bytes().await?.to_vec())
    }
}

async fn succeeded(response: Response, path: &str) -> anyhow::Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    anyhow::bail!("{path} answered {status}: {}", response.text().await?)
}

/// What a service says in an error.
pub(super) fn message(answer: &Value) -> String {
    answer
        .get("message")
        .and_then(Value::as_str)
        .map_or_else(|| answer.to_string(), str::to_owned)
}

/// A string in an answer, by JSON pointer.
pub(super) fn text(answer: &Value, pointer: &str) -> anyhow::Result<String> {
    answer
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .with_context(|| format!("the answer has no `{pointer}`"))
}
