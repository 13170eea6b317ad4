//! Runs `hokusai-aws`, as git runs its subcommands, and takes flags for what it is asked.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;
use hokusai_migrate::cloud::CloudError;
use hokusai_routes::source::Source;
use serde_json::Value;

use crate::exit::Failure;

/// Load balancers whose live rules are read.
#[derive(Args, Clone, Debug)]
pub(crate) struct LiveRules {
    /// Reads the live rules of a load balancer, by name or ARN, through `hokusai-aws`; may be repeated.
    #[arg(long, value_name = "LOAD_BALANCER")]
    aws: Vec<String>,
    /// Region of --aws; otherwise what environment and profile say.
    #[arg(long, value_name = "REGION", requires = "aws")]
    aws_region: Option<String>,
    /// Another endpoint than AWS's for --aws; never taken from environment or profile.
    #[arg(long, value_name = "URL", requires = "aws")]
    aws_endpoint_url: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct AwsError(String);

/// The program, with what every call carries.
pub(crate) struct Program {
    path: PathBuf,
    region: Option<String>,
    endpoint: Option<String>,
}

impl Program {
    /// The one beside this program, else the one on the PATH.
    pub(crate) fn new(region: Option<String>, endpoint: Option<String>) -> anyhow::Result<Self> {
        let own = std::env::current_exe()?;
        let beside = own.with_file_name(NAME);
        let found = if beside.is_file() {
            Some(beside)
        } else {
            on_path()
        };
        let path = found.ok_or_else(|| {
            Failure::usage(
                format!("`{NAME}` is neither beside this program nor on the PATH"),
                "build it with `cargo build --release --package hokusai-aws`; it is apart because the SDK takes minutes to compile",
            )
        })?;
        Ok(Self {
            path,
            region,
            endpoint,
        })
    }

    /// The endpoint, if it is not AWS's own.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// Load balancers with all that hangs on them.
    pub(crate) fn describe(&self, balancers: &[&str]) -> Result<Value, AwsError> {
        let mut arguments = vec!["describe"];
        for balancer in balancers {
            arguments.extend(["--load-balancer", balancer]);
        }
        self.ask(&arguments, None)
    }

    /// Runs a command, with JSON on its standard input, and reads the JSON that it prints.
    pub(crate) fn ask(&self, arguments: &[&str], input: Option<&Value>) -> Result<Value, AwsError> {
        let failed = |why: String| {
            AwsError(format!(
                "{NAME} {}: {why}",
                arguments.first().unwrap_or(&"")
            ))
        };
        let mut command = Command::new(&self.path);
        if let Some(region) = &self.region {
            command.args(["--region", region]);
        }
        if let Some(endpoint) = &self.endpoint {
            command.args(["--endpoint-url", endpoint]);
        }
        let mut child = command
            .args(arguments)
            .stdin(if input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
            stdin
                .write_all(input.to_string().as_bytes())
                .map_err(|error| failed(error.to_string()))?;
        }
        let output = child
            .wait_with_output()
            .map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(failed(
                said.trim()
                    .trim_start_matches("error: ")
                    .replace('\n', ": "),
            ));
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| failed(format!("its answer is not JSON: {error}")))
    }
}

impl LiveRules {
    /// Whether a load balancer is named.
    pub(crate) fn are_asked_for(&self) -> bool {
        !self.aws.is_empty()
    }

    /// The rules as one source in the form that AWS prints; `None` when no load balancer was named.
    pub(crate) fn source(&self, id: u32) -> anyhow::Result<Option<Source>> {
        if self.aws.is_empty() {
            return Ok(None);
        }
        let program = Program::new(self.aws_region.clone(), self.aws_endpoint_url.clone())?;
        let balancers: Vec<&str> = self.aws.iter().map(String::as_str).collect();
        let described = program.describe(&balancers)?;
        let name = format!("aws:{}", self.aws.join(","));
        Ok(Some(Source::new(id, name, format!("{described:#}"))))
    }
}

impl From<AwsError> for CloudError {
    fn from(error: AwsError) -> Self {
        Self::Failed(error.0)
    }
}

fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(NAME))
        .find(|program| program.is_file())
}

const NAME: &str = "hokusai-aws";
