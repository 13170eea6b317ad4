//! `hokusai demo`: the whole story on a fresh machine, through the public HTTP API, in a temporary directory.

mod client;
mod incident;
mod model;
mod story;

use std::io::IsTerminal as _;
use std::path::Path;

use clap::{Args, Subcommand};

use crate::config::Settings;
use crate::exit::Exit;

use super::serve;

/// Starts both services on free ports, registers a model with a Bearer key, and shows that wrong keys are refused.
#[derive(Args)]
pub(crate) struct Demo {
    /// Keeps serving afterwards and prints what a MLflow client needs.
    #[arg(long)]
    keep: bool,
    /// Prints the result as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    story: Option<Story>,
}

/// Another story than the first.
#[derive(Subcommand)]
enum Story {
    /// Replays the incident that this project was born from, and its repair.
    Incident(incident::Incident),
}

/// One line of the result.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Check {
    /// What was checked.
    pub(crate) name: &'static str,
    /// Whether it held.
    pub(crate) passed: bool,
    /// What was seen.
    pub(crate) detail: String,
}

/// Runs the story; fine only if every line of it is true.
pub(crate) fn run(demo: &Demo) -> anyhow::Result<Exit> {
    if let Some(Story::Incident(incident)) = &demo.story {
        return incident::run(incident, demo.json);
    }
    let directory = tempfile::Builder::new().prefix("hokusai-demo-").tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let key_file = directory.path().join("first-key");
        let running = serve::start(&settings(directory.path(), &key_file)?.check()?, None).await?;
        let key = std::fs::read_to_string(&key_file)?.trim().to_owned();
        let outcome = story::tell(running.urls(), &key).await;
        let exit = match &outcome {
            Ok(checks) => show(demo, checks)?,
            Err(_) => Exit::CouldNotRun,
        };
        if demo.keep && exit == Exit::Fine {
            keep(&running, &key_file);
            tokio::signal::ctrl_c().await?;
        }
        running.stop().await;
        outcome.map(|_| exit)
    })
}

/// Flags and environment of the caller do not count: the demo never touches their data.
fn settings(directory: &Path, key_file: &Path) -> anyhow::Result<Settings> {
    Settings::from_flags(&[
        &format!("--data-dir={}", directory.join("data").display()),
        "--auth-listen=127.0.0.1:0",
        "--registry-listen=127.0.0.1:0",
        &format!("--bootstrap-key-file={}", key_file.display()),
    ])
}

fn show(demo: &Demo, checks: &[Check]) -> anyhow::Result<Exit> {
    let passed = checks.iter().all(|check| check.passed);
    if demo.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&serde_json::json!({"passed": passed, "checks": checks}))?
        );
    } else {
        println!();
        for check in checks {
            println!(
                "  {}  {:<24} {}",
                mark(check.passed),
                check.name,
                check.detail
            );
        }
        println!();
    }
    Ok(if passed { Exit::Fine } else { Exit::Findings })
}

fn mark(passed: bool) -> &'static str {
    match (passed, std::io::stdout().is_terminal()) {
        (true, true) => "\u{1b}[32mpass\u{1b}[0m",
        (false, true) => "\u{1b}[31mFAIL\u{1b}[0m",
        (true, false) => "pass",
        (false, false) => "FAIL",
    }
}

/// The key stays in its file: a terminal's history is no place for it.
fn keep(running: &serve::Running, key_file: &Path) {
    for (service, url) in running.urls() {
        if service == "registry" {
            println!("  export MLFLOW_TRACKING_URI={url}");
        }
    }
    println!(
        "  export MLFLOW_TRACKING_TOKEN=$(cat {})",
        key_file.display()
    );
    println!("\nServing until Ctrl-C; then everything is deleted.");
}
