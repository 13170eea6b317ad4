//! The machine: does the steps in order, records each, and goes back when the budget breaks.

mod forward;
mod rollback;

use std::collections::BTreeMap;
use std::time::Duration;

use hokusai_core::clock::Clock;

use crate::cloud::{Cloud, CloudError};
use crate::journal::{Journal, JournalError};
use crate::plan::Plan;
use crate::probes::Probes;
use crate::record;
use crate::state::{Event, Phase, State};
use crate::step::Step;

/// Verifies the deployment.
pub trait Prober {
    /// Runs all probes against a side. An error means that nothing could be asked.
    fn probe(&mut self, side: &Side) -> Result<Probes, String>;
}

/// Which side is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// What clients reach by the names that they use.
    Public,
    /// The new side, by address: host to `ADDRESS:PORT`.
    Direct(BTreeMap<String, String>),
}

/// Shows with the stock client that a model can be registered and loaded.
pub trait Proof {
    /// Registers and loads; says what shows it, or what failed.
    fn prove(&mut self, plan: &Plan) -> Result<Vec<String>, String>;
}

/// Whoever runs the migration.
pub trait Operator {
    /// Whether this may be done.
    fn may(&mut self, question: Question, what: &str) -> bool;
    /// Waits. A long wait is cut into several.
    fn wait(&mut self, time: Duration, why: &str);
    /// Tells what happens.
    fn say(&mut self, what: &str);
}

/// What is asked before something is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The new side is to be made.
    Apply,
    /// Targets are to be registered in the new groups.
    Attach,
    /// Traffic is to be moved.
    Shift,
    /// The old side is to go.
    CleanUp,
    /// The earlier state is to be restored.
    RollBack,
    /// As `RollBack`, and more probes are red there than now.
    RollBackToWorse,
}

/// What a migration acts on and through.
#[expect(
    missing_debug_implementations,
    reason = "seams to the outside have nothing to show"
)]
pub struct Seams<'a> {
    /// The load balancers.
    pub cloud: &'a mut dyn Cloud,
    /// The verifier.
    pub prober: &'a mut dyn Prober,
    /// The stock client.
    pub proof: &'a mut dyn Proof,
    /// Whoever runs it.
    pub operator: &'a mut dyn Operator,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// A migration that is being run.
#[expect(
    missing_debug_implementations,
    reason = "seams to the outside have nothing to show"
)]
pub struct Migration<'a> {
    plan: Plan,
    journal: Journal,
    seams: Seams<'a>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The new side carries everything and the old one is gone.
    Finished,
    /// The earlier state is restored; these probes are red there.
    RolledBack {
        /// Why.
        why: String,
        /// Red in the earlier state.
        red: Vec<String>,
    },
    /// It waits for somebody: run it again when that is done.
    Waiting(String),
    /// It broke, and going back would make it worse: somebody must decide.
    Undecided {
        /// What broke.
        why: String,
        /// Red in the earlier state.
        red: Vec<String>,
    },
    /// A question was answered with no.
    Declined(String),
}

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Live state that is not what the journal left.
    #[error("{0}; nothing was changed")]
    NotOurs(String),
    /// The cloud, on the way back or in the clean-up.
    #[error("{0}; run the same command again to go on")]
    Cloud(CloudError),
    /// The migration is over.
    #[error("this migration is over ({0}): make a new plan")]
    Over(&'static str),
}

/// How a step ends when it does not succeed.
enum Stop {
    /// It failed: go back.
    Failed(String),
    /// Wait for somebody.
    Waiting(String),
    /// The answer was no.
    Declined(String),
    /// Nothing can be done from here.
    Error(MigrateError),
}

impl<'a> Migration<'a> {
    /// A migration that was begun or is to begin.
    pub const fn new(plan: Plan, journal: Journal, seams: Seams<'a>) -> Self {
        Self {
            plan,
            journal,
            seams,
        }
    }

    /// Does what is left, step by step; goes back by itself when a step fails.
    pub fn run(&mut self) -> Result<Ended, MigrateError> {
        self.check_identity()?;
        loop {
            match self.state().phase {
                Phase::Finished => return Ok(Ended::Finished),
                Phase::RolledBack => return Err(MigrateError::Over("rolled back")),
                Phase::Back => return self.go_back("the rollback that was begun".to_owned()),
                Phase::Forward(step) => {
                    if let Some(ended) = self.advance(step)? {
                        return Ok(ended);
                    }
                }
            }
        }
    }

    /// Restores the state before the migration, from wherever it stands.
    pub fn roll_back(&mut self, why: &str) -> Result<Ended, MigrateError> {
        self.check_identity()?;
        match self.state().phase {
            Phase::Finished => Err(MigrateError::Over("finished")),
            Phase::RolledBack => Err(MigrateError::Over("rolled back")),
            Phase::Back => self.go_back(why.to_owned()),
            Phase::Forward(_) => self.begin_back(why),
        }
    }

    /// One step; `Some` when the run ends with it.
    fn advance(&mut self, step: Step) -> Result<Option<Ended>, MigrateError> {
        if !self.state().begun.contains(&step) {
            self.log(Event::Began { step })?;
        }
        self.seams
            .operator
            .say(&format!("{step}: {}", step.purpose()));
        match self.perform(step) {
            Ok(evidence) => {
                self.log(Event::Done { step, evidence })?;
                if step == Step::CleanUp {
                    self.log(Event::Finished)?;
                }
                Ok(None)
            }
            Err(Stop::Error(error)) => Err(error),
            Err(Stop::Waiting(what)) => Ok(Some(Ended::Waiting(what))),
            Err(Stop::Declined(what)) => Ok(Some(Ended::Declined(what))),
            Err(Stop::Failed(why)) => {
                let why = format!("{step}: {why}");
                self.log(Event::Failed {
                    step,
                    why: why.clone(),
                })?;
                match step {
                    // Before it nothing was changed; after it there is nothing to go back to.
                    Step::PreCheck => Ok(Some(Ended::Waiting(why))),
                    Step::CleanUp => Err(MigrateError::Cloud(CloudError::Failed(why))),
                    _ => self.begin_back(&why).map(Some),
                }
            }
        }
    }

    fn check_identity(&mut self) -> Result<(), MigrateError> {
        let found = self.seams.cloud.identity().map_err(MigrateError::Cloud)?;
        if found == self.plan.identity {
            return Ok(());
        }
        let show = |identity: &crate::cloud::Identity| {
            let pins = identity
                .pinned
                .iter()
                .map(|(name, value)| format!("{name} {value}"));
            format!(
                "{} ({})",
                identity.kind,
                pins.collect::<Vec<_>>().join(", ")
            )
        };
        Err(MigrateError::NotOurs(format!(
            "the plan is for {}, and this is {}",
            show(&self.plan.identity),
            show(&found)
        )))
    }

    fn state(&self) -> State {
        State::of(&self.plan, self.journal.entries())
    }

    /// Writes an entry, then the record that people read.
    fn log(&mut self, event: Event) -> Result<(), JournalError> {
        self.journal.write(self.seams.clock, event)?;
        let text = record::markdown(&self.plan, self.journal.entries());
        self.journal.write_file(record::FILE, &text)?;
        Ok(())
    }

    fn ask(&mut self, question: Question, what: &str) -> Result<(), Stop> {
        if self.seams.operator.may(question, what) {
            return Ok(());
        }
        Err(Stop::Declined(what.to_owned()))
    }
}

impl From<JournalError> for Stop {
    fn from(error: JournalError) -> Self {
        Self::Error(error.into())
    }
}

impl From<CloudError> for Stop {
    fn from(error: CloudError) -> Self {
        match error {
            CloudError::Changed { .. } => Self::Error(MigrateError::NotOurs(error.to_string())),
            CloudError::Failed(why) => Self::Failed(why),
        }
    }
}
