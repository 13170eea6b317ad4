//! `hokusai migrate status`: where a migration stands.

use std::path::Path;

use hokusai_migrate::journal::Journal;
use hokusai_migrate::state::{Phase, State};

use super::HINT;
use crate::exit::{Exit, Failure};

/// Prints the phase, the steps and the probes.
pub(super) fn run(directory: &Path, is_json: bool) -> anyhow::Result<Exit> {
    let (plan, entries) =
        Journal::read(directory).map_err(|error| Failure::usage(error.to_string(), HINT))?;
    let state = State::of(&plan, &entries);
    let phase = match state.phase {
        Phase::Forward(step) => format!("at {step}"),
        Phase::Back => "rolling back".to_owned(),
        Phase::RolledBack => "rolled back".to_owned(),
        Phase::Finished => "finished".to_owned(),
    };
    if is_json {
        let value = serde_json::json!({
            "phase": phase,
            "plan": plan.hash(),
            "failure": state.failure,
            "baseline": state.baseline,
            "latest": state.latest,
            "begun": state.begun.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "entries": entries,
        });
        println!("{value:#}");
        return Ok(Exit::Fine);
    }
    println!("{phase}, plan {}", plan.hash());
    for step in plan.steps() {
        let mark = match state.phase {
            Phase::Forward(now) if now == step => '>',
            _ if state.begun.contains(&step) => 'x',
            _ => ' ',
        };
        println!("[{mark}] {step}: {}", step.purpose());
    }
    for (name, probes) in [("baseline", &state.baseline), ("newest", &state.latest)] {
        if let Some(probes) = probes {
            println!("{name}: {}", probes.summary());
        }
    }
    if let Some(why) = &state.failure {
        println!("failed: {why}");
    }
    Ok(Exit::Fine)
}
