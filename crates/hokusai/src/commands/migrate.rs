//! `hokusai migrate`: from a shared load balancer to dedicated ones, step by step, with a way back.

mod arguments;
mod aws;
mod door;
mod operator;
mod planning;
mod prober;
mod proof;
mod status;

use clap::Subcommand;
use hokusai_migrate::cloud::Cloud;
use hokusai_migrate::journal::Journal;
use hokusai_migrate::machine::{Ended, Migration, Seams};
use hokusai_migrate::plan::Plan;

use crate::exit::{Exit, Failure};
use crate::system::SystemClock;

/// What is done.
#[derive(Subcommand)]
pub(crate) enum Migrate {
    /// Reads what is there, and says exactly which requests will move: the plan that `run` follows.
    Plan(Box<arguments::PlanArguments>),
    /// Does the steps that are left; goes back by itself when a green probe turns red.
    Run(arguments::RunArguments),
    /// Restores the exact earlier state, from any step.
    Rollback(arguments::RollbackArguments),
    /// Says where a migration stands.
    Status(arguments::StatusArguments),
}

/// Runs what was asked for.
pub(crate) fn run(migrate: Migrate) -> anyhow::Result<Exit> {
    match migrate {
        Migrate::Plan(arguments) => planning::run(&arguments),
        Migrate::Run(arguments) => act(&arguments, |migration: &mut Migration<'_>| migration.run()),
        Migrate::Rollback(mut arguments) => {
            arguments.run.accepts_worse = arguments.even_if_worse;
            act(&arguments.run, |migration| {
                migration.roll_back("the operator asked for it")
            })
        }
        Migrate::Status(arguments) => status::run(&arguments.dir, arguments.json),
    }
}

/// Opens the migration, takes hold of everything it acts on, and lets `step` act.
fn act(
    arguments: &arguments::RunArguments,
    step: impl FnOnce(&mut Migration<'_>) -> Result<Ended, hokusai_migrate::machine::MigrateError>,
) -> anyhow::Result<Exit> {
    let (journal, plan) =
        Journal::open(&arguments.dir).map_err(|error| Failure::usage(error.to_string(), HINT))?;
    let clock = SystemClock::start();
    let reports = arguments.dir.clone();
    let mut cloud = cloud(&plan)?;
    let mut prober = prober::Verifier::new(&plan, arguments, reports.clone())?;
    let mut proof = proof::StockClient::new(arguments, reports)?;
    let mut operator = operator::Terminal::new(arguments);
    let seams = Seams {
        cloud: cloud.as_mut(),
        prober: &mut prober,
        proof: &mut proof,
        operator: &mut operator,
        clock: &clock,
    };
    let ended = step(&mut Migration::new(plan, journal, seams))?;
    Ok(tell(&ended, arguments))
}

/// The installation that a plan is for.
fn cloud(plan: &Plan) -> anyhow::Result<Box<dyn Cloud>> {
    match plan.identity.kind.as_str() {
        door::KIND => Ok(Box::new(door::Door::of_plan(plan)?)),
        aws::KIND => Ok(Box::new(aws::Aws::of_plan(plan)?)),
        other => Err(Failure::usage(
            format!("the plan is for `{other}`, which this release does not know"),
            "make a new plan",
        )),
    }
}

fn tell(ended: &Ended, arguments: &arguments::RunArguments) -> Exit {
    let dir = arguments.dir.display();
    let (text, exit) = match ended {
        Ended::Finished => (
            "finished: the new side carries everything".to_owned(),
            Exit::Fine,
        ),
        Ended::RolledBack { why, red } if red.is_empty() => (
            format!("rolled back ({why}): the exact earlier state, nothing red"),
            Exit::Findings,
        ),
        Ended::RolledBack { why, red } => (
            format!(
                "rolled back ({why}): the exact earlier state, where these are red: {}",
                red.join(", ")
            ),
            Exit::Findings,
        ),
        Ended::Waiting(what) => (
            format!("waiting: {what}\nhint: then run `hokusai migrate run --dir {dir}` again"),
            Exit::CouldNotRun,
        ),
        Ended::Declined(what) => (format!("not done, as answered: {what}"), Exit::CouldNotRun),
        Ended::Undecided { why, red } => (
            format!(
                "stopped: {why}\nThe earlier state is worse: {} would be red. Nothing was changed.\nhint: mend the new side and run again, or go back all the same with `hokusai migrate rollback --dir {dir} --even-if-worse`",
                red.join(", ")
            ),
            Exit::Findings,
        ),
    };
    if arguments.json {
        println!(
            "{:#}",
            serde_json::json!({"ended": kind(ended), "text": text})
        );
    } else {
        println!("{text}");
    }
    eprintln!("record: {dir}/record.md");
    exit
}

const fn kind(ended: &Ended) -> &'static str {
    match ended {
        Ended::Finished => "finished",
        Ended::RolledBack { .. } => "rolled-back",
        Ended::Waiting(_) => "waiting",
        Ended::Declined(_) => "declined",
        Ended::Undecided { .. } => "undecided",
    }
}

const HINT: &str = "--dir names the directory of the migration";
