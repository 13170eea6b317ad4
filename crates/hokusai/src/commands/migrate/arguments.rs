//! The command line of `hokusai migrate`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hokusai_verify::endpoint::Endpoint;

/// A pair, `NAME=VALUE`.
#[derive(Clone, Debug)]
pub(crate) struct Pair(pub String, pub String);

impl std::str::FromStr for Pair {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        match raw.split_once('=') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => {
                Ok(Self(name.to_owned(), value.to_owned()))
            }
            _ => Err(format!("`{raw}` is not `NAME=VALUE`")),
        }
    }
}

/// Where the load balancers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CloudKind {
    /// Hokusai's own front door: weights between two tables.
    FrontDoor,
    /// AWS: load balancers, target groups, weighted records.
    Aws,
}

/// What a plan is made of.
#[derive(Args)]
pub(crate) struct PlanArguments {
    /// Directory of the migration: plan, journal, record and reports.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Where the load balancers are.
    #[arg(long, value_enum)]
    pub cloud: CloudKind,
    /// The rule table of the new side.
    #[arg(long, value_name = "FILE")]
    pub next: PathBuf,
    /// The auth service, as clients reach it.
    #[arg(long, value_name = "URL")]
    pub auth: Endpoint,
    /// The registry, as clients reach it.
    #[arg(long, value_name = "URL")]
    pub registry: Endpoint,
    /// Per cent of the traffic on the new side, step by step.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 50, 100])]
    pub weights: Vec<u8>,
    /// How long all traffic stays on the new side before the old one goes, in seconds; clients of a load balancer keep a connection for up to 3,600.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_900)]
    pub hold_s: u64,
    /// How long answers of name servers are kept after a change, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub ttl_s: u64,
    /// Verifications at each step that moves traffic.
    #[arg(long, default_value_t = 2)]
    pub rounds: u32,
    /// Health checks in a row that new target groups must pass.
    #[arg(long, default_value_t = 3)]
    pub health_checks: u32,
    /// How long new target groups may take to become healthy, in seconds; a load balancer's slowest settings need five minutes.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub health_wait_s: u64,
    /// Regressions that a step may show before the migration goes back.
    #[arg(long, default_value_t = 0)]
    pub budget: u32,
    /// An address in place of what DNS says, in all verifications; may be repeated: <auth.example.com=192.0.2.7>.
    #[arg(long, value_name = "HOST=ADDRESS")]
    pub resolve: Vec<Pair>,
    /// Where the new side is asked directly, when its load balancers do not say it; may be repeated: <auth.example.com=192.0.2.7:443>.
    #[arg(long, value_name = "HOST=ADDRESS")]
    pub direct: Vec<Pair>,
    /// Prints the plan and writes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Prints the plan as JSON.
    #[arg(long)]
    pub json: bool,
    /// Front door: its admin socket, `front-door.sock` in its data directory.
    #[arg(long, value_name = "FILE", required_if_eq("cloud", "front-door"))]
    pub admin_socket: Option<PathBuf>,
    /// Front door: the rule file that it enforces now.
    #[arg(long, value_name = "FILE", required_if_eq("cloud", "front-door"))]
    pub current: Option<PathBuf>,
    /// AWS: name or ARN of the shared load balancer.
    #[arg(long, value_name = "NAME", required_if_eq("cloud", "aws"))]
    pub load_balancer: Option<String>,
    /// AWS: the dedicated load balancer of a host; may be repeated: <auth.example.com=auth>.
    #[arg(long, value_name = "HOST=NAME", required_if_eq("cloud", "aws"))]
    pub new_load_balancer: Vec<Pair>,
    /// AWS: hosted zone of the hosts.
    #[arg(long, value_name = "ID", required_if_eq("cloud", "aws"))]
    pub zone: Option<String>,
    /// AWS: whose targets go into a new group; may be repeated: <NEW=OLD>. Groups of the same name need none.
    #[arg(long, value_name = "NEW=OLD")]
    pub attach: Vec<Pair>,
    /// AWS: region.
    #[arg(long)]
    pub region: Option<String>,
    /// AWS: another endpoint than AWS's.
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
}

impl PlanArguments {
    /// Repeated pairs as a map.
    pub(crate) fn map(pairs: &[Pair]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|pair| (pair.0.clone(), pair.1.clone()))
            .collect()
    }
}

/// What a run needs that is not in the plan: nothing secret is.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct RunArguments {
    /// Directory of the migration.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Answers every question with yes, but for going back to something worse.
    #[arg(long)]
    pub yes: bool,
    /// Reads your key from this file, `-` for standard input; otherwise it is taken from `HOKUSAI_API_KEY`.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Certificates of authorities that are believed besides the system's, a PEM file.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// A Python that has the `mlflow` package: the stock client of the final proof.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    pub python: PathBuf,
    /// Prints the end as JSON.
    #[arg(long)]
    pub json: bool,
    /// Says what is left to do, and does nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Set by `rollback --even-if-worse`.
    #[arg(skip)]
    pub accepts_worse: bool,
}

/// As a run, backwards.
#[derive(Args)]
pub(crate) struct RollbackArguments {
    #[command(flatten)]
    pub run: RunArguments,
    /// Also when more probes are red in the earlier state than now.
    #[arg(long)]
    pub even_if_worse: bool,
}

/// What is shown.
#[derive(Args)]
pub(crate) struct StatusArguments {
    /// Directory of the migration.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}
