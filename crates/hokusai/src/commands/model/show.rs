//! `hokusai model show`.

use std::io::Write as _;

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use crate::exit::Exit;

/// Which model.
#[derive(Args)]
pub(super) struct Show {
    /// The model's name.
    name: String,
}

/// Prints a model with where each version comes from.
pub(super) async fn run(client: &Client, show: &Show, as_json: bool) -> anyhow::Result<Exit> {
    let model = client
        .ask(Method::GET, &["api", "models", &show.name], None)
        .await?;
    let lineage = client
        .ask(Method::GET, &["api", "models", &show.name, "lineage"], None)
        .await?;
    let versions = lineage.get("lineage").cloned().unwrap_or_default();
    let mut out = std::io::stdout().lock();
    if as_json {
        serde_json::to_writer_pretty(&mut out, &json!({"model": model, "versions": versions}))?;
        writeln!(out)?;
        return Ok(Exit::Fine);
    }
    writeln!(out, "name      {}", text(&model, "name"))?;
    writeln!(out, "aliases   {}", aliases(&model))?;
    if model.get("description").is_some() {
        writeln!(out, "about     {}", text(&model, "description"))?;
    }
    for version in versions.as_array().into_iter().flatten() {
        let (number, run) = (text(version, "version"), text(version, "run_id"));
        writeln!(
            out,
            "version   {number:>4}  run {run}  {}",
            text(version, "source")
        )?;
    }
    Ok(Exit::Fine)
}

/// The newest version's number, `-` when there is none.
pub(super) fn latest(model: &Value) -> String {
    let versions = model.get("latest_versions").and_then(Value::as_array);
    let numbers = versions
        .into_iter()
        .flatten()
        .filter_map(|version| text(version, "version").parse::<i64>().ok());
    numbers
        .max()
        .map_or_else(|| "-".to_owned(), |number| number.to_string())
}

/// `champion=2 candidate=3`.
pub(super) fn aliases(model: &Value) -> String {
    let aliases = model.get("aliases").and_then(Value::as_array);
    let shown = |alias: &Value| format!("{}={}", text(alias, "alias"), text(alias, "version"));
    let shown: Vec<String> = aliases.into_iter().flatten().map(shown).collect();
    if shown.is_empty() {
        "-".to_owned()
    } else {
        shown.join(" ")
    }
}

/// A field's text without what a terminal would obey.
fn text(value: &Value, field: &str) -> String {
    let text = value.get(field).and_then(Value::as_str).unwrap_or("-");
    text.chars().filter(|c| !c.is_control()).collect()
}
