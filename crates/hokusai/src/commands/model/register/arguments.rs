//! What `hokusai model register` is told, and the rules that need no server.

use std::path::PathBuf;

use clap::Args;
use hokusai_core::entity_key::check_key;
use hokusai_core::metric_direction::Direction;
use hokusai_core::model::{AliasName, ModelName, ModelTag};
use serde_json::{Value, json};

use super::Request;
use crate::exit::{Exit, Failure};

/// What is registered, and under which name.
#[derive(Args)]
pub(in crate::commands::model) struct Register {
    /// The model: a file, or a directory.
    pub(super) path: PathBuf,
    /// The registered model's name; it is created when it is new.
    #[arg(long)]
    name: String,
    /// A metric to log, such as auroc=0.87.
    #[arg(long = "metric", value_name = "NAME=VALUE")]
    metrics: Vec<String>,
    /// What the first metric has to reach; at most this for errors and losses, at least this for others.
    #[arg(
        long,
        value_name = "VALUE",
        allow_negative_numbers = true,
        requires = "metrics"
    )]
    baseline: Option<f64>,
    /// An alias to point at the new version.
    #[arg(long = "alias", value_name = "ALIAS")]
    aliases: Vec<String>,
    /// A tag of the new version.
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    tags: Vec<String>,
    /// What the version is.
    #[arg(long, default_value = "")]
    description: String,
}

impl Register {
    /// Applies every rule that doesn't need the server, the baseline's too.
    pub(super) fn check(&self) -> anyhow::Result<Request> {
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::usage(error.to_string(), "see `hokusai model register --help`")
        };
        self.name
            .parse::<ModelName>()
            .map_err(|error| wrong(&error))?;
        let metrics: Vec<(String, f64)> = self
            .metrics
            .iter()
            .map(|raw| metric(raw))
            .collect::<Result<_, _>>()?;
        for alias in &self.aliases {
            let alias: AliasName = alias.parse().map_err(|error| wrong(&error))?;
            alias.check_settable().map_err(|error| wrong(&error))?;
        }
        let tags = self
            .tags
            .iter()
            .map(|raw| tag(raw))
            .collect::<Result<_, _>>()?;
        if let (Some(baseline), Some((name, value))) = (self.baseline, metrics.first()) {
            reach(name, *value, baseline)?;
        }
        Ok(Request {
            name: self.name.clone(),
            metrics,
            aliases: self.aliases.clone(),
            tags,
            description: self.description.clone(),
        })
    }
}

fn metric(raw: &str) -> anyhow::Result<(String, f64)> {
    let parsed = raw
        .split_once('=')
        .and_then(|(name, value)| Some((name, value.trim().parse::<f64>().ok()?)));
    match parsed {
        Some((name, value)) if value.is_finite() && check_key(name, "name").is_ok() => {
            Ok((name.to_owned(), value))
        }
        _ => Err(Failure::usage(
            format!("--metric `{raw}` is not a name and a finite number"),
            "write --metric auroc=0.87",
        )),
    }
}

fn tag(raw: &str) -> anyhow::Result<Value> {
    let (key, value) = raw.split_once('=').ok_or_else(|| {
        Failure::usage(format!("--tag `{raw}` has no `=`"), "write --tag key=value")
    })?;
    ModelTag::new(key, value)
        .map_err(|error| Failure::usage(error.to_string(), "choose another tag"))?;
    Ok(json!({"key": key, "value": value}))
}

fn reach(metric: &str, value: f64, baseline: f64) -> anyhow::Result<()> {
    let direction = Direction::of(metric);
    if direction.reaches(value, baseline) {
        return Ok(());
    }
    Err(Failure {
        message: format!(
            "{metric} is {value}, but has to be {} {baseline}: nothing was registered",
            direction.bound()
        ),
        hint: Some("train a better model, or leave --baseline out".to_owned()),
        exit: Exit::Findings,
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_is_judged_in_the_metrics_own_direction() {
        assert!(reach("auroc", 0.87, 0.82).is_ok() && reach("auroc", 0.81, 0.82).is_err());
        assert!(reach("rmse", 0.81, 0.82).is_ok() && reach("rmse", 0.87, 0.82).is_err());
    }

    #[test]
    fn a_metric_is_a_name_and_a_finite_number() {
        assert_eq!(metric("auroc=0.87").unwrap(), ("auroc".to_owned(), 0.87));
        for raw in [
            "auroc",
            "auroc=",
            "auroc=high",
            "auroc=nan",
            "auroc=inf",
            "=1",
            "a$=1",
        ] {
            assert!(metric(raw).is_err(), "{raw}");
        }
    }
}
