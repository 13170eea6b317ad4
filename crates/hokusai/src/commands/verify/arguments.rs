//! The command line of `hokusai verify`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use hokusai_core::key::ApiKey;
use hokusai_verify::deployment::{Deployment, Direct, Keys, Options};
use hokusai_verify::endpoint::{Endpoint, Service};
use hokusai_verify::probing::Override;
use hokusai_verify::report::Form;

use super::given;
use super::run::Setup;
use crate::commands::aws::LiveRules;
use crate::commands::routes::tables;
use crate::exit::{Exit, Failure};
use crate::system::SystemRandom;

/// Which deployment, with which key, how strictly. Keys never stand on the command line.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The auth service, as clients reach it.
    #[arg(long, value_name = "URL")]
    auth: Endpoint,
    /// The registry, as clients reach it.
    #[arg(long, value_name = "URL")]
    registry: Endpoint,
    /// Reads your key from this file, `-` for standard input; otherwise it is taken from `HOKUSAI_API_KEY`.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Checks only what needs no key.
    #[arg(long, conflicts_with = "key_file")]
    without_key: bool,
    /// A key that may only read, for the check that it can't write; otherwise one is minted and revoked.
    #[arg(long, value_name = "FILE")]
    read_only_key_file: Option<PathBuf>,
    /// An address in place of what DNS says; may be repeated: <auth.example.com=192.0.2.7>, <HOST:443=ADDRESS:8443>.
    #[arg(long, value_name = "HOST=ADDRESS")]
    resolve: Vec<Override>,
    /// The listener rules, a TOML file: the diagnosis then names the rule.
    #[arg(long, value_name = "FILE", conflicts_with = "aws")]
    rules: Option<PathBuf>,
    #[command(flatten)]
    live: LiveRules,
    /// The auth service's own listener, past the front door; may be repeated. Only canary keys are sent there.
    #[arg(long, value_name = "ADDR")]
    auth_direct: Vec<SocketAddr>,
    /// The registry's own listener, past the front door; may be repeated. Only canary keys are sent there.
    #[arg(long, value_name = "ADDR")]
    registry_direct: Vec<SocketAddr>,
    /// Certificates of authorities that are believed besides the system's, a PEM file.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Longest wait for one answer.
    #[arg(long, value_name = "MS", default_value_t = Options::default().deadline_ms, value_parser = clap::value_parser!(u64).range(100..=120_000))]
    deadline_ms: u64,
    /// What the median answer to /health may take.
    #[arg(long, value_name = "MS", default_value_t = Options::default().latency_budget_ms)]
    latency_budget_ms: u64,
    /// Size of the artifact that is uploaded and downloaded.
    #[arg(long, value_name = "BYTES", default_value_t = Options::default().artifact_bytes)]
    artifact_bytes: u64,
    /// The version that both services must name.
    #[arg(long, value_name = "VERSION")]
    expect_version: Option<String>,
    /// Also writes the report to a file: `.md`, `.json`, `.xml` (for CI servers) or `.html`; may be repeated.
    #[arg(long, value_name = "FILE")]
    report: Vec<PathBuf>,
    /// Prints the report as JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Verifies again and again until Ctrl-C, with a live table.
    #[arg(long)]
    watch: bool,
    /// Pause between two runs of --watch.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "watch", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) every: u64,
    /// Ends --watch after so many runs.
    #[arg(long, value_name = "RUNS", requires = "watch")]
    pub(super) times: Option<u64>,
}

impl Verify {
    /// Whether it runs more than once.
    pub(super) const fn is_watching(&self) -> bool {
        self.watch
    }

    /// Files and forms of the reports.
    pub(super) fn reports(&self) -> anyhow::Result<Vec<(PathBuf, Form)>> {
        let forms = self.report.iter().map(|path| {
            let name = path.display().to_string();
            let form = Form::of_file(&name).ok_or_else(|| {
                Failure::usage(
                    format!("--report `{name}`: its ending names no form"),
                    "end it in .md, .json, .xml or .html",
                )
            })?;
            Ok((path.clone(), form))
        });
        forms.collect()
    }

    /// Everything that a run needs, read and checked.
    pub(super) fn setup(&self) -> anyhow::Result<Setup> {
        self.reports()?;
        let rules = match self.rules.as_deref() {
            Some(file) => Some(given::rules(file)?),
            None => tables::read_live(&self.live)?,
        };
        let mut direct = named(Service::Auth, &self.auth_direct);
        direct.extend(named(Service::Registry, &self.registry_direct));
        if let Some(rules) = &rules {
            given::add_targets(rules, self, &mut direct);
        }
        let deployment = Deployment {
            auth: self.auth.clone(),
            registry: self.registry.clone(),
            direct,
            options: Options {
                deadline_ms: self.deadline_ms,
                latency_budget_ms: self.latency_budget_ms,
                artifact_bytes: self.artifact_bytes,
                expected_version: self.expect_version.clone(),
            },
        };
        Ok(Setup {
            tls: given::tls(&deployment, self.ca.as_deref())?,
            deployment,
            keys: self.keys()?,
            overrides: self.resolve.clone(),
            rules,
        })
    }

    fn keys(&self) -> anyhow::Result<Keys> {
        let real = if self.without_key {
            None
        } else {
            Some(given::key(self.key_file.as_deref())?)
        };
        let reader = self.read_only_key_file.as_deref().map(reader).transpose()?;
        Ok(Keys::new(real, reader, &SystemRandom))
    }

    /// The endpoint of a service.
    pub(super) const fn endpoint(&self, service: Service) -> &Endpoint {
        match service {
            Service::Auth => &self.auth,
            Service::Registry => &self.registry,
        }
    }
}

fn named(service: Service, addresses: &[SocketAddr]) -> Vec<Direct> {
    let direct = addresses.iter().map(|address| Direct {
        service,
        authority: address.to_string(),
    });
    direct.collect()
}

fn reader(path: &Path) -> anyhow::Result<ApiKey> {
    let raw = given::key(Some(path))?;
    ApiKey::parse(&raw).map_err(|invalid| {
        Failure {
            message: format!("`{}`: {invalid}", path.display()),
            hint: Some("check --read-only-key-file".to_owned()),
            exit: Exit::Usage,
        }
        .into()
    })
}
