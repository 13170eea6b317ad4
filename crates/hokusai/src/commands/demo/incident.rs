//! `hokusai demo incident`: the incident from which this project was born, from the first timeout to the green report.
//!
//! Every part is a process of its own: the auth service, the registry that asks it through the front door, and the front
//! door with the rules of a shared load balancer. Only the target group that never answers is played here.

mod parts;
mod platform;
mod repair;
mod scenes;
mod silent;

use std::path::{Path, PathBuf};

use clap::Args;

use super::Check;
use crate::exit::Exit;
use platform::Platform;

/// Replays the incident: timeouts behind green health checks, the proof, the diagnosis, the proven repair, and a model registered.
#[derive(Args, Debug)]
pub(super) struct Incident {
    /// Where both reports and both rule tables are written; a new directory by default.
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
}

/// Plays all scenes; fine only if every line of them is as it should be.
pub(super) fn run(incident: &Incident, is_json: bool) -> anyhow::Result<Exit> {
    let data = tempfile::Builder::new()
        .prefix("hokusai-incident-")
        .tempdir()?;
    let reports = match &incident.reports {
        Some(directory) => {
            std::fs::create_dir_all(directory)?;
            directory.clone()
        }
        None => tempfile::Builder::new()
            .prefix("hokusai-reports-")
            .tempdir()?
            .keep(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut stage = Stage {
        is_json,
        checks: Vec::new(),
    };
    runtime.block_on(play(&mut stage, data.path(), &reports))?;
    let passed = stage.checks.iter().all(|check| check.passed);
    if is_json {
        let answer =
            serde_json::json!({"passed": passed, "checks": stage.checks, "reports": reports});
        println!("{answer:#}");
    } else {
        println!("\nReports and rule tables are in {}", reports.display());
    }
    Ok(if passed { Exit::Fine } else { Exit::Findings })
}

async fn play(stage: &mut Stage, data: &Path, reports: &Path) -> anyhow::Result<()> {
    stage.title("The platform: auth and registry behind one front door, with the rules of a shared load balancer");
    let mut platform = Platform::start(data, reports).await?;
    stage.say(&platform.describe());
    stage.title("What monitoring sees");
    scenes::health(stage, &platform).await?;
    stage.title("What users see");
    scenes::users(stage, &platform).await?;
    stage.title("hokusai routes check shared.toml");
    let table = repair::check(stage, &platform.rules)?;
    stage.title("hokusai verify");
    scenes::verify_broken(stage, &platform, &reports.join("incident-before.md")).await?;
    stage.title("The repair, proven before it is applied");
    let repaired = repair::repair(stage, table, &reports.join("repaired.toml"))?;
    platform.apply(&repaired)?;
    platform.settle().await?;
    platform.heal().await?;
    stage.title("hokusai verify, once more");
    scenes::verify_repaired(stage, &platform, &reports.join("incident-after.md")).await?;
    stage.title("A model is registered, through the front door, with an API key");
    scenes::registration(stage, &platform).await
}

/// Where scenes are shown and their lines are kept.
struct Stage {
    is_json: bool,
    checks: Vec<Check>,
}

impl Stage {
    fn title(&self, title: &str) {
        self.say(&format!("\n== {title}"));
    }

    fn say(&self, text: &str) {
        if !self.is_json {
            println!("{text}");
        }
    }

    /// A line of the story: what was seen, and whether the story goes like that.
    fn check(&mut self, name: &'static str, passed: bool, detail: String) {
        self.say(&format!("  {}  {name:<44} {detail}", super::mark(passed)));
        self.checks.push(Check {
            name,
            passed,
            detail,
        });
    }
}
