//! The final proof: the stock MLflow client, as a data scientist has it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use hokusai_migrate::machine::Proof;
use hokusai_migrate::plan::Plan;

use super::arguments::RunArguments;
use crate::commands::verify::given;

/// Runs the stock client in its own process; the key goes to it over its standard input.
pub(super) struct StockClient {
    python: PathBuf,
    ca: Option<PathBuf>,
    key: String,
    directory: PathBuf,
}

impl StockClient {
    pub(super) fn new(arguments: &RunArguments, directory: PathBuf) -> anyhow::Result<Self> {
        Ok(Self {
            python: arguments.python.clone(),
            ca: arguments.ca.clone(),
            key: given::key(arguments.key_file.as_deref())?,
            directory,
        })
    }
}

impl Proof for StockClient {
    fn prove(&mut self, plan: &Plan) -> Result<Vec<String>, String> {
        let resolve = serde_json::json!(plan.endpoints.resolve).to_string();
        let mut command = Command::new(&self.python);
        command
            .args(["-c", SCRIPT, &plan.endpoints.registry, &resolve])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in MLFLOW_NAMES {
            command.env_remove(name);
        }
        if let Some(ca) = &self.ca {
            command.env("REQUESTS_CA_BUNDLE", ca);
        }
        let unable = |error: std::io::Error| {
            format!(
                "`{}` cannot be run: {error}; --python names a Python that has the `mlflow` package",
                self.python.display()
            )
        };
        let mut child = command.spawn().map_err(unable)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(self.key.as_bytes()).map_err(unable)?;
        }
        let output = child.wait_with_output().map_err(unable)?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() {
            return Ok(vec![
                said,
                format!(
                    "the green report is `{}`",
                    self.directory.join("report.md").display()
                ),
            ]);
        }
        let errors = String::from_utf8_lossy(&output.stderr).replace(&self.key, "(masked)");
        let last = errors
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty())
            .unwrap_or("it said nothing");
        Err(format!("the stock MLflow client failed: {last}"))
    }
}

/// Settings of the operator's own that would point the client elsewhere.
const MLFLOW_NAMES: [&str; 4] = [
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
];
const SCRIPT: &str = include_str!("proof.py");
