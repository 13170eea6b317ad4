//! The way back: the exact earlier state, from any step.

use std::time::Duration;

use super::{Ended, MigrateError, Migration, Question, Side};
use crate::cloud::CloudError;
use crate::state::Event;
use crate::step::Step;

impl Migration<'_> {
    /// Decides whether to go back, and goes. Stops when that would make it worse and nobody agrees.
    pub(super) fn begin_back(&mut self, why: &str) -> Result<Ended, MigrateError> {
        let red = self.state().baseline.unwrap_or_default().red();
        self.seams.operator.say(&format!("going back: {why}"));
        let question = if self.would_be_worse() {
            Question::RollBackToWorse
        } else {
            Question::RollBack
        };
        let what = match red.as_slice() {
            [] => "restore the earlier state; nothing is red there".to_owned(),
            red => format!(
                "restore the earlier state, where these are red: {}",
                red.join(", ")
            ),
        };
        if !self.seams.operator.may(question, &what) {
            return Ok(match question {
                Question::RollBackToWorse => Ended::Undecided {
                    why: why.to_owned(),
                    red,
                },
                _ => Ended::Declined(what),
            });
        }
        self.log(Event::RollingBack {
            why: why.to_owned(),
        })?;
        self.go_back(why.to_owned())
    }

    /// Whether more is red in the earlier state than now. Without a baseline nothing was changed.
    fn would_be_worse(&mut self) -> bool {
        let Some(baseline) = self.state().baseline else {
            return false;
        };
        match self.seams.prober.probe(&Side::Public) {
            Ok(now) => baseline.is_worse_than(&now),
            // What can't even be asked is not better than anything.
            Err(_) => false,
        }
    }

    /// Restores step by step, in reverse; safe to do again after a crash.
    pub(super) fn go_back(&mut self, why: String) -> Result<Ended, MigrateError> {
        let begun = self.state().begun;
        let mut evidence = Vec::new();
        if begun.iter().any(|step| step.moves_traffic()) {
            evidence.extend(self.restore_traffic()?);
        }
        if begun.contains(&Step::Attach) {
            let done = self.seams.cloud.detach(&self.plan).map_err(back)?;
            evidence.extend(done);
        }
        if begun.contains(&Step::ApplyGate) {
            let done = self.seams.cloud.unapply(&self.plan).map_err(back)?;
            evidence.extend(done);
        }
        let baseline = self.state().baseline.unwrap_or_default();
        if let Ok(now) = self.seams.prober.probe(&Side::Public) {
            let regressions = baseline.regressions(&now);
            let still = if regressions.is_empty() {
                "as the baseline".to_owned()
            } else {
                format!("red, unlike the baseline: {}", regressions.join(", "))
            };
            evidence.push(format!("verified: {}, {still}", now.summary()));
        }
        let red = baseline.red();
        self.log(Event::RolledBack {
            evidence,
            red: red.clone(),
        })?;
        Ok(Ended::RolledBack { why, red })
    }

    fn restore_traffic(&mut self) -> Result<Vec<String>, MigrateError> {
        let before = self.plan.traffic_before.clone();
        let live = self.seams.cloud.traffic().map_err(back)?;
        if live != before {
            self.must_be_ours(&live).map_err(back)?;
            self.log(Event::Setting {
                traffic: before.clone(),
            })?;
            self.seams.cloud.set_traffic(&live, &before).map_err(back)?;
        }
        self.settle().map_err(back)?;
        let after = self.seams.cloud.traffic().map_err(back)?;
        if after != before {
            return Err(MigrateError::Cloud(CloudError::Failed(
                "traffic is not what it was before, after it was restored".to_owned(),
            )));
        }
        if self.seams.cloud.lingers() {
            let time = Duration::from_secs(self.plan.hold_s);
            self.seams.operator.wait(
                time,
                "for connections that clients kept to the new side to end",
            );
        }
        Ok(vec![
            "traffic is exactly what it was before, read back".to_owned(),
        ])
    }
}

fn back(error: CloudError) -> MigrateError {
    match error {
        CloudError::Changed { .. } => MigrateError::NotOurs(error.to_string()),
        CloudError::Failed(_) => MigrateError::Cloud(error),
    }
}
