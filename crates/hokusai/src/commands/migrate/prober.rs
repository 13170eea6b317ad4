//! The verifier as the migration's prober.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use hokusai_migrate::machine::{Prober, Side};
use hokusai_migrate::plan::Plan;
use hokusai_migrate::probes::{Light, Probes};
use hokusai_verify::deployment::{Deployment, Keys, Options};
use hokusai_verify::endpoint::Endpoint;
use hokusai_verify::probing::Override;
use hokusai_verify::report::Form;
use hokusai_verify::verdict::State;

use super::arguments::RunArguments;
use crate::commands::verify::{Setup, given, verify_once};
use crate::exit::Failure;
use crate::system::SystemRandom;

/// Runs all checks of `hokusai verify`, and keeps the newest report beside the journal.
pub(super) struct Verifier {
    setup: Setup,
    runtime: tokio::runtime::Runtime,
    reports: PathBuf,
}

impl Verifier {
    pub(super) fn new(
        plan: &Plan,
        arguments: &RunArguments,
        reports: PathBuf,
    ) -> anyhow::Result<Self> {
        let deployment = Deployment {
            auth: endpoint(&plan.endpoints.auth)?,
            registry: endpoint(&plan.endpoints.registry)?,
            direct: Vec::new(),
            options: Options::default(),
        };
        let key = given::key(arguments.key_file.as_deref())?;
        let setup = Setup {
            tls: given::tls(&deployment, arguments.ca.as_deref())?,
            deployment,
            keys: Keys::new(Some(key), None, &SystemRandom),
            overrides: overrides(plan.endpoints.resolve.iter())?,
            rules: None,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        Ok(Self {
            setup,
            runtime,
            reports,
        })
    }
}

impl Prober for Verifier {
    fn probe(&mut self, side: &Side) -> Result<Probes, String> {
        let mut setup = self.setup.clone();
        setup.keys = Keys::again(&self.setup.keys, &SystemRandom);
        let name = match side {
            Side::Public => "report.md",
            Side::Direct(addresses) => {
                // What the cloud does not say, such as port 80, is where clients find it.
                let mut direct = overrides(addresses.iter()).map_err(|error| error.to_string())?;
                direct.append(&mut setup.overrides);
                setup.overrides = direct;
                "report-direct.md"
            }
        };
        let outcome = self.runtime.block_on(verify_once(setup, |_, _| {}));
        let text = outcome.report().write(Form::Markdown);
        write_private(&self.reports.join(name), &text)
            .map_err(|error| format!("the report `{name}` cannot be written: {error}"))?;
        let judged = outcome.verdict.checks.iter().filter_map(|check| {
            let light = match check.state {
                State::Passed => Light::Green,
                State::Failed => Light::Red,
                State::NotRun => Light::NotRun,
                State::Noted => return None,
            };
            Some((check.id.clone(), light))
        });
        Ok(Probes(judged.collect()))
    }
}

/// For its owner only, like all files of a migration.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

fn endpoint(url: &str) -> anyhow::Result<Endpoint> {
    url.parse()
        .map_err(|error| Failure::usage(format!("the plan's `{url}`: {error}"), "make a new plan"))
}

fn overrides<'p>(
    pairs: impl Iterator<Item = (&'p String, &'p String)>,
) -> anyhow::Result<Vec<Override>> {
    let parsed = pairs.map(|(host, address)| format!("{host}={address}").parse::<Override>());
    Ok(parsed.collect::<Result<_, _>>()?)
}
