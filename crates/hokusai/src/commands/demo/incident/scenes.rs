//! What is seen, before and after.

use std::path::Path;

use hokusai_core::clock::Clock as _;
use hokusai_verify::report::Form;
use hokusai_verify::verdict::{Overall, State};
use reqwest::Method;

use super::super::client::{Client, message};
use super::super::story;
use super::Stage;
use super::platform::{AUTH_HOST, Platform, REGISTRY_HOST};
use crate::commands::verify::{self, Outcome};
use crate::exit::Exit;
use crate::system::SystemClock;

/// Every health check is green.
pub(super) async fn health(stage: &mut Stage, platform: &Platform) -> anyhow::Result<()> {
    let (status, took_ms, _) = timed(&platform.client(AUTH_HOST)?, Method::GET, "/health").await?;
    stage.check(
        "auth.localhost/health",
        status == 200,
        format!("{status} in {took_ms} ms"),
    );
    for (name, url) in platform.targets() {
        let target = Client::new(&url, "")?;
        let (status, took_ms, _) = timed(&target, Method::GET, "/health").await?;
        stage.check(
            name,
            status == 200,
            format!("healthy, {status} in {took_ms} ms"),
        );
    }
    Ok(())
}

/// And every request with a key times out.
pub(super) async fn users(stage: &mut Stage, platform: &Platform) -> anyhow::Result<()> {
    let auth = platform.client(AUTH_HOST)?;
    let registry = platform.client(REGISTRY_HOST)?;
    // Side by side: each waits for five seconds.
    let (validated, searched) = tokio::join!(
        timed(&auth, Method::POST, "/api/v1/keys/validate"),
        timed(&registry, Method::GET, SEARCH),
    );
    for (name, (status, took_ms, said)) in [
        ("validating the key fails after 5 s", validated?),
        ("the registry cannot authenticate after 5 s", searched?),
    ] {
        let is_timeout = (503..=504).contains(&status) && took_ms >= 4_500;
        let detail = format!(
            "{status} after {}.{} s: {said}",
            took_ms / 1000,
            took_ms % 1000 / 100
        );
        stage.check(name, is_timeout, detail);
    }
    Ok(())
}

/// The verifier fails and names the rule.
pub(super) async fn verify_broken(
    stage: &mut Stage,
    platform: &Platform,
    report: &Path,
) -> anyhow::Result<()> {
    let outcome = verified(platform, report).await?;
    for check in &outcome.verdict.checks {
        if check.state == State::Failed {
            stage.say(&format!(
                "  {}  {}: {}",
                super::super::mark(false),
                check.title,
                check.detail
            ));
        }
    }
    let top = outcome.causes.first();
    if let Some(cause) = top {
        stage.say(&format!(
            "\n  cause  {}\n  fix    {}\n",
            cause.sentence, cause.fix
        ));
    }
    let names_the_rule = top.is_some_and(|cause| {
        cause.code == "routing-captured" && cause.sentence.contains("`generic-api`")
    });
    let exit = verify::exit(&outcome);
    stage.check(
        "the verifier fails and names the rule",
        exit == Exit::Findings && names_the_rule,
        format!("exit {}, {}", exit as u8, report.display()),
    );
    Ok(())
}

/// The verifier passes.
pub(super) async fn verify_repaired(
    stage: &mut Stage,
    platform: &Platform,
    report: &Path,
) -> anyhow::Result<()> {
    let outcome = verified(platform, report).await?;
    for check in &outcome.verdict.checks {
        if check.state == State::Failed {
            stage.say(&format!(
                "  {}  {}: {}",
                super::super::mark(false),
                check.title,
                check.detail
            ));
        }
    }
    let passed = outcome.verdict.count(State::Passed);
    let exit = verify::exit(&outcome);
    stage.check(
        "the verifier passes",
        outcome.verdict.overall() == Overall::Passed && outcome.causes.is_empty(),
        format!(
            "exit {}, {passed} checks passed, {}",
            exit as u8,
            report.display()
        ),
    );
    Ok(())
}

/// The story's end.
pub(super) async fn registration(stage: &mut Stage, platform: &Platform) -> anyhow::Result<()> {
    let check = story::registration(&platform.client(REGISTRY_HOST)?).await;
    stage.check("registration", check.passed, check.detail);
    Ok(())
}

async fn verified(platform: &Platform, report: &Path) -> anyhow::Result<Outcome> {
    let outcome = verify::once(platform.setup()?).await;
    std::fs::write(report, outcome.report().write(Form::Markdown))?;
    Ok(outcome)
}

/// Status, milliseconds, and what was said.
async fn timed(client: &Client, method: Method, path: &str) -> anyhow::Result<(u16, u64, String)> {
    let clock = SystemClock::start();
    let (status, body) = client.ask(method, path, None).await?;
    Ok((status.as_u16(), clock.monotonic_ms(), message(&body)))
}

const SEARCH: &str = "/api/2.0/mlflow/registered-models/search?max_results=1";
