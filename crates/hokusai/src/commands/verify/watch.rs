//! `--watch`: again and again, with a live table on a terminal and a line a run elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use hokusai_verify::deployment::Keys;
use hokusai_verify::verdict::State;

use super::run::{self, Outcome, Setup};
use super::{Verify, colour, exit, write_reports};
use crate::exit::Exit;
use crate::system::SystemRandom;

/// Runs until Ctrl-C or `--times`; ends as the last run did.
pub(super) async fn run(arguments: &Verify, setup: Setup) -> anyhow::Result<Exit> {
    let mut number = 0;
    let mut last = Exit::CouldNotRun;
    loop {
        number += 1;
        let mut setup = setup.clone();
        setup.keys = Keys::again(&setup.keys, &SystemRandom);
        let outcome = tokio::select! {
            outcome = run::with_progress(setup, number == 1 && !arguments.json) => outcome,
            _ = tokio::signal::ctrl_c() => return Ok(last),
        };
        write_reports(arguments, &outcome)?;
        show(arguments, &outcome, number)?;
        last = exit(&outcome);
        if arguments.times == Some(number) {
            return Ok(last);
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(arguments.every)) => {}
            _ = tokio::signal::ctrl_c() => return Ok(last),
        }
    }
}

fn show(arguments: &Verify, outcome: &Outcome, number: u64) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let report = outcome.report();
    if arguments.json {
        // One line a run, so that a program can read them as they come.
        writeln!(out, "{}", report.json())?;
    } else if out.is_terminal() {
        // Clear, and home.
        write!(out, "\u{1b}[2J\u{1b}[H{}", report.terminal(colour()))?;
        writeln!(
            out,
            "run {number}; again in {} s, Ctrl-C ends",
            arguments.every
        )?;
    } else {
        let failed = outcome.verdict.count(State::Failed);
        let passed = outcome.verdict.count(State::Passed);
        let cause = outcome.causes.first().map_or("", |cause| cause.code);
        writeln!(
            out,
            "run {number}: {passed} passed, {failed} failed {cause}"
        )?;
    }
    out.flush()?;
    Ok(())
}
