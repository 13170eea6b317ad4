//! `hokusai model list`.

use std::io::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::show::{aliases, latest};
use crate::exit::Exit;

/// Prints every model, page by page.
pub(super) async fn run(client: &Client, as_json: bool) -> anyhow::Result<Exit> {
    let mut models: Vec<Value> = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let query: Vec<(&str, &str)> = token
            .iter()
            .map(|token| ("page_token", token.as_str()))
            .collect();
        let request = client.request(Method::GET, &["api", "models"], &query)?;
        let mut page: Value = client.send(request).await?.json().await?;
        if let Some(found) = page.get_mut("models").and_then(Value::as_array_mut) {
            models.append(found);
        }
        token = page
            .get("next_page_token")
            .and_then(Value::as_str)
            .map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    let mut out = std::io::stdout().lock();
    if as_json {
        serde_json::to_writer_pretty(&mut out, &json!({"models": models}))?;
        writeln!(out)?;
        return Ok(Exit::Fine);
    }
    let name = |model: &Value| {
        model
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let width = models
        .iter()
        .map(|model| name(model).chars().count())
        .max()
        .unwrap_or(0)
        .max(4);
    writeln!(out, "{:width$}  {:>7}  ALIASES", "NAME", "VERSION")?;
    for model in &models {
        writeln!(
            out,
            "{:width$}  {:>7}  {}",
            name(model),
            latest(model),
            aliases(model)
        )?;
    }
    Ok(Exit::Fine)
}
