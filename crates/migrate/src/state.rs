//! What a journal amounts to. Pure: entries in, state out.

use serde::{Deserialize, Serialize};

use crate::cloud::Traffic;
use crate::plan::Plan;
use crate::probes::Probes;
use crate::step::Step;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened, or is about to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The plan was agreed to.
    Planned {
        /// Its hash.
        plan: String,
    },
    /// The probes before anything was changed.
    Baseline {
        /// What they said.
        probes: Probes,
    },
    /// A step begins.
    Began {
        /// Which.
        step: Step,
    },
    /// Traffic is about to be made this; written before it is.
    Setting {
        /// What is wanted.
        traffic: Traffic,
    },
    /// A verification.
    Verified {
        /// At which step.
        step: Step,
        /// What the probes said.
        probes: Probes,
        /// Which of them were green before anything was changed.
        regressions: Vec<String>,
    },
    /// A step is done.
    Done {
        /// Which.
        step: Step,
        /// What shows it.
        evidence: Vec<String>,
    },
    /// A step failed.
    Failed {
        /// Which.
        step: Step,
        /// Why.
        why: String,
    },
    /// The way back begins.
    RollingBack {
        /// Why.
        why: String,
    },
    /// The earlier state is restored.
    RolledBack {
        /// What shows it.
        evidence: Vec<String>,
        /// What is red there, as the baseline says.
        red: Vec<String>,
    },
    /// It is over.
    Finished,
}

/// Where a migration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// This step is next, or was begun and not ended.
    Forward(Step),
    /// On the way back.
    Back,
    /// The earlier state is restored.
    RolledBack,
    /// Done.
    Finished,
}

/// What the journal amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Where it stands.
    pub phase: Phase,
    /// The probes before anything was changed.
    pub baseline: Option<Probes>,
    /// The newest verification.
    pub latest: Option<Probes>,
    /// What traffic may be now: what the last finished shift set, and all that was being set since. Anything else was done by somebody else.
    pub own_traffic: Vec<Traffic>,
    /// When all traffic was first on the new side, milliseconds since 1970.
    pub all_shifted_at_ms: Option<i64>,
    /// Steps that were begun, in order, each once.
    pub begun: Vec<Step>,
    /// Why the last step failed.
    pub failure: Option<String>,
}

impl State {
    /// Reads the entries of a migration that follows `plan`.
    pub fn of(plan: &Plan, entries: &[Entry]) -> Self {
        let steps = plan.steps();
        let mut state = Self {
            phase: steps
                .first()
                .copied()
                .map_or(Phase::Finished, Phase::Forward),
            baseline: None,
            latest: None,
            own_traffic: vec![plan.traffic_before.clone()],
            all_shifted_at_ms: None,
            begun: Vec::new(),
            failure: None,
        };
        for entry in entries {
            state.take(entry, &steps);
        }
        state
    }

    fn take(&mut self, entry: &Entry, steps: &[Step]) {
        match &entry.event {
            Event::Planned { .. } => {}
            Event::Baseline { probes } => self.baseline = Some(probes.clone()),
            Event::Began { step } => {
                if !self.begun.contains(step) {
                    self.begun.push(*step);
                }
                self.failure = None;
            }
            Event::Setting { traffic } => self.own_traffic.push(traffic.clone()),
            Event::Verified { probes, .. } => self.latest = Some(probes.clone()),
            Event::Done { step, .. } => self.done(*step, entry.at_ms, steps),
            Event::Failed { why, .. } => self.failure = Some(why.clone()),
            Event::RollingBack { .. } => self.phase = Phase::Back,
            Event::RolledBack { .. } => self.phase = Phase::RolledBack,
            Event::Finished => self.phase = Phase::Finished,
        }
    }

    fn done(&mut self, step: Step, at_ms: i64, steps: &[Step]) {
        if step.moves_traffic() {
            self.own_traffic = self.own_traffic.pop().into_iter().collect();
        }
        if step == Step::Shift(100) {
            self.all_shifted_at_ms = Some(at_ms);
        }
        let after = steps.iter().skip_while(|s| **s != step).nth(1);
        self.phase = after.copied().map_or(Phase::Finished, Phase::Forward);
    }
}
