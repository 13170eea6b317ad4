//! `hokusai doctor`: the local side. Which setting won, whether the data can be kept, and what the MLflow client on this
//! machine would send, and where.

mod client;
mod data;
mod running;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use clap::Args;
use serde::Serialize;

use crate::config::{Setting, Settings, Source};
use crate::exit::Exit;

/// How it is printed.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// Prints the findings as JSON.
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// Stable id, `client.netrc`.
    id: &'static str,
    state: State,
    /// What is.
    detail: String,
    /// What to do, when something is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// As it should be.
    Fine,
    /// Worth knowing.
    Noted,
    /// Wrong.
    Wrong,
}

impl Finding {
    fn fine(id: &'static str, detail: impl Into<String>) -> Self {
        Self::new(id, State::Fine, detail, None)
    }

    fn noted(id: &'static str, detail: impl Into<String>) -> Self {
        Self::new(id, State::Noted, detail, None)
    }

    fn wrong(id: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(id, State::Wrong, detail, Some(fix.into()))
    }

    fn new(id: &'static str, state: State, detail: impl Into<String>, fix: Option<String>) -> Self {
        Self {
            id,
            state,
            detail: detail.into(),
            fix,
        }
    }
}

/// Looks at everything; ends with 1 when something is wrong.
pub(crate) fn run(
    doctor: &Doctor,
    settings: &Settings,
    listing: &[Setting],
    warnings: &[String],
) -> anyhow::Result<Exit> {
    let config = settings.check()?;
    let mut findings = configured(listing, warnings);
    findings.extend(data::look(&config, settings));
    findings.extend(running::look(&config)?);
    findings.extend(client::look(&client::Machine {
        environment: std::env::vars().collect::<BTreeMap<_, _>>(),
        read: &|path| std::fs::read_to_string(path).ok(),
    }));
    if doctor.json {
        println!("{:#}", serde_json::json!({"findings": findings}));
    } else {
        findings.iter().for_each(print);
    }
    let is_wrong = findings.iter().any(|finding| finding.state == State::Wrong);
    Ok(if is_wrong { Exit::Findings } else { Exit::Fine })
}

/// Which settings somebody made, and which source won.
fn configured(listing: &[Setting], warnings: &[String]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = listing
        .iter()
        .filter(|setting| setting.source != Source::Default)
        .map(|setting| Finding::noted("configuration.setting", setting.line()))
        .collect();
    if findings.is_empty() {
        let detail = "no setting was made: everything is as by default";
        findings.push(Finding::noted("configuration.setting", detail));
    }
    for warning in warnings {
        let fix = "unset it, or correct its name; `hokusai config show` lists all settings";
        findings.push(Finding::wrong(
            "configuration.unknown",
            warning.as_str(),
            fix,
        ));
    }
    findings
}

fn print(finding: &Finding) {
    let (word, colour) = match finding.state {
        State::Fine => ("fine ", "32"),
        State::Noted => ("note ", "2"),
        State::Wrong => ("WRONG", "31"),
    };
    if std::io::stdout().is_terminal() {
        println!(
            "  \u{1b}[{colour}m{word}\u{1b}[0m  {:<24} {}",
            finding.id, finding.detail
        );
    } else {
        println!("  {word}  {:<24} {}", finding.id, finding.detail);
    }
    if let Some(fix) = &finding.fix {
        println!("         {:<24} fix: {fix}", "");
    }
}
