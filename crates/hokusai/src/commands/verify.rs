//! `hokusai verify`: checks a running deployment from the outside, and names the cause of what is wrong.

mod arguments;
pub(crate) mod given;
mod run;
mod watch;

use std::io::IsTerminal as _;

use hokusai_verify::report::Colour;
use hokusai_verify::verdict::Overall;

pub(crate) use arguments::Verify;
pub(crate) use run::{Outcome, Setup, run as verify_once};

use crate::exit::{Exit, Failure};

/// Verifies once, or again and again.
pub(crate) fn run(arguments: &Verify) -> anyhow::Result<Exit> {
    let setup = arguments.setup()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        if arguments.is_watching() {
            return watch::run(arguments, setup).await;
        }
        let outcome = run::with_progress(setup, !arguments.json).await;
        write_reports(arguments, &outcome)?;
        if arguments.json {
            println!("{:#}", outcome.report().json());
        } else {
            print!("{}", outcome.report().terminal(colour()));
        }
        Ok(exit(&outcome))
    })
}

/// One run, without a bar.
pub(crate) async fn once(setup: Setup) -> Outcome {
    run::run(setup, |_, _| {}).await
}

/// The files that were asked for.
fn write_reports(arguments: &Verify, outcome: &Outcome) -> anyhow::Result<()> {
    for (path, form) in arguments.reports()? {
        std::fs::write(&path, outcome.report().write(form)).map_err(|error| {
            Failure::usage(
                format!("cannot write `{}`: {error}", path.display()),
                "check --report",
            )
        })?;
    }
    Ok(())
}

/// What a run means to a script.
pub(crate) fn exit(outcome: &Outcome) -> Exit {
    match outcome.verdict.overall() {
        Overall::Passed => Exit::Fine,
        Overall::Failed => Exit::Findings,
        Overall::Incomplete => Exit::CouldNotRun,
    }
}

/// Colours on a terminal, unless `NO_COLOR` says otherwise.
pub(crate) fn colour() -> Colour {
    if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        Colour::Yes
    } else {
        Colour::No
    }
}
