//! What the observations mean, check by check. Pure.
//!
//! A check that could not run is neither passed nor failed.

mod connections;
mod keys;
mod quality;
mod routing;
mod services;
mod steps;
pub(crate) mod words;

use serde::Serialize;

use crate::deployment::Deployment;
use crate::observation::{NotRun, Observation, Outcome, Withheld};
use crate::probe::{Area, Expect, Probe};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed,
    /// It could not run, or there is nothing to check.
    NotRun,
    /// Recorded; there is no right answer.
    Noted,
}

/// A check with its outcome.
#[derive(Clone, Debug)]
pub struct Check {
    /// Stable id.
    pub id: String,
    /// What it is about.
    pub area: Area,
    /// For people.
    pub title: String,
    /// How it came out.
    pub state: State,
    /// What was seen, one sentence; values in backticks, texts of servers cleaned.
    pub detail: String,
    /// How long it took, in milliseconds.
    pub took_ms: Option<u64>,
    /// Whether it is missing: it did not run although it should have.
    pub is_missing: bool,
}

/// All checks.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// In the order of the plan.
    pub checks: Vec<Check>,
}

/// The whole in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overall {
    /// Nothing failed, and all that should have run did.
    Passed,
    /// Something failed.
    Failed,
    /// Nothing failed, and something that should have run did not.
    Incomplete,
}

impl Verdict {
    /// The whole in one word.
    pub fn overall(&self) -> Overall {
        if self.checks.iter().any(|check| check.state == State::Failed) {
            Overall::Failed
        } else if self.checks.iter().any(|check| check.is_missing) {
            Overall::Incomplete
        } else {
            Overall::Passed
        }
    }

    /// The check with this id.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// How many checks are in a state.
    pub fn count(&self, state: State) -> usize {
        self.checks.iter().filter(|c| c.state == state).count()
    }
}

/// Judges every probe, and what follows from several.
pub fn judge(deployment: &Deployment, plan: &[Probe], observations: &[Observation]) -> Verdict {
    let mut checks = Vec::new();
    for probe in plan {
        let observation = observations.iter().find(|o| o.probe == probe.id);
        checks.push(of(probe, observation));
        if probe.expect == Expect::Connects {
            let is_tls = deployment.endpoint(probe.service).is_tls;
            checks.push(connections::privacy(probe, is_tls, observation));
        }
    }
    for service in crate::endpoint::Service::ALL {
        quality::add(deployment, service, observations, &mut checks);
    }
    // Recorded probes stand last.
    checks.sort_by_key(|check| check.area);
    Verdict { checks }
}

pub(crate) use services::is_identified;

type Judgement = (State, String);

fn of(probe: &Probe, observation: Option<&Observation>) -> Check {
    let mut is_missing = false;
    let (state, detail) = match observation.map(|o| &o.outcome) {
        None => {
            is_missing = true;
            (State::NotRun, "it was not tried".to_owned())
        }
        // A canary went first and showed that it is not the service that answers there.
        Some(Outcome::NotRun(NotRun::Withheld(why @ Withheld::Path(..)))) => {
            (State::Failed, words::withheld(why))
        }
        Some(Outcome::NotRun(reason)) => {
            is_missing = is_unexpected(reason);
            (State::NotRun, words::not_run(reason))
        }
        Some(outcome) => judgement(probe, outcome),
    };
    Check {
        id: probe.id.clone(),
        area: probe.area,
        title: probe.title.clone(),
        state,
        detail,
        took_ms: observation.map(|observation| observation.took_ms),
        is_missing,
    }
}

fn judgement(probe: &Probe, outcome: &Outcome) -> Judgement {
    match probe.expect {
        Expect::Resolves => connections::resolves(outcome),
        Expect::Connects => connections::connects(outcome),
        Expect::PlainRefused => connections::plain_refused(outcome),
        Expect::PlainPage => connections::plain_page(outcome),
        Expect::Identity => services::identity(probe.service, outcome),
        Expect::Ready => services::ready(probe.service, outcome),
        Expect::Version => services::version(probe.service, outcome),
        Expect::Isolated => routing::isolated(probe.service, outcome),
        Expect::SameService => routing::same_service(probe.service, outcome),
        Expect::NotServed => routing::not_served(outcome),
        Expect::Recorded => routing::recorded(outcome),
        Expect::WellFormedKey => keys::well_formed(outcome),
        Expect::ValidKey => keys::valid(probe.service, outcome),
        Expect::RefusedKey(codes) => keys::refused(probe.service, codes, outcome),
        Expect::Allowed => keys::allowed(probe.service, outcome),
        Expect::ReaderRefused => steps::reader_refused(outcome),
        Expect::Registers => steps::registers(outcome),
    }
}

/// What keeps a run from being complete, and is no choice of the caller's.
fn is_unexpected(reason: &NotRun) -> bool {
    match reason {
        NotRun::NotApplicable(_) | NotRun::NoKey => false,
        NotRun::Blocked(_) | NotRun::OutOfTime | NotRun::Withheld(_) => true,
    }
}

#[cfg(test)]
mod tests;
