//! What each step does.

use std::time::Duration;

use hokusai_routes::diff::diff;
use hokusai_routes::model::Table;
use hokusai_routes::reader;
use hokusai_routes::source::Source;

use super::{MigrateError, Migration, Question, Side, Stop};
use crate::cloud::{Applied, CloudError, GroupHealth, Settling, Traffic};
use crate::probes::Probes;
use crate::state::Event;
use crate::step::Step;

impl Migration<'_> {
    /// Does a step and says what shows that it is done.
    pub(super) fn perform(&mut self, step: Step) -> Result<Vec<String>, Stop> {
        match step {
            Step::PreCheck => self.pre_check(),
            Step::ApplyGate => self.apply(),
            Step::Attach => self.attach(),
            Step::VerifyDirectly => self.verify_directly(),
            Step::Shift(percent) => self.shift(percent),
            Step::Hold => self.hold(),
            Step::Proof => self.seams.proof.prove(&self.plan).map_err(Stop::Failed),
            Step::CleanUp => self.clean_up(),
        }
    }

    fn pre_check(&mut self) -> Result<Vec<String>, Stop> {
        let live = self.seams.cloud.current()?;
        must_equal(
            "the table that carries traffic",
            &self.plan.current.clone(),
            &live,
        )?;
        let traffic = self.seams.cloud.traffic()?;
        if traffic != self.plan.traffic_before {
            return Err(changed("traffic", &self.plan.traffic_before, &traffic).into());
        }
        let probes = self
            .seams
            .prober
            .probe(&Side::Public)
            .map_err(Stop::Failed)?;
        let evidence = vec![
            "the live table and its traffic are the planned ones".to_owned(),
            format!("baseline: {}", probes.summary()),
        ];
        self.log(Event::Baseline { probes })?;
        Ok(evidence)
    }

    fn apply(&mut self) -> Result<Vec<String>, Stop> {
        let mut evidence = Vec::new();
        if self.seams.cloud.next()?.is_none() {
            let hash = self.plan.hash();
            self.ask(
                Question::Apply,
                &format!("make the new side as plan {hash} says"),
            )?;
            match self.seams.cloud.apply(&self.plan)? {
                Applied::Stands(done) => evidence = done,
                Applied::Waiting(what) => return Err(Stop::Waiting(what)),
            }
        }
        let Some(live) = self.seams.cloud.next()? else {
            return Err(Stop::Failed(
                "the new side does not stand after it was applied".to_owned(),
            ));
        };
        must_equal("the new side", &self.plan.next.clone(), &live)?;
        evidence.push(
            "read back: the new side decides every request as the plan says, proven both ways"
                .to_owned(),
        );
        Ok(evidence)
    }

    fn attach(&mut self) -> Result<Vec<String>, Stop> {
        self.ask(
            Question::Attach,
            "register today's targets in the new target groups",
        )?;
        let mut evidence = self.seams.cloud.attach(&self.plan)?;
        let mut in_a_row = 0;
        for _ in 0..self.plan.health_wait_s.max(self.plan.health_checks.into()) {
            let health = self.seams.cloud.health(&self.plan)?;
            let is_healthy = !health.is_empty() && health.iter().all(GroupHealth::is_healthy);
            in_a_row = if is_healthy { in_a_row + 1 } else { 0 };
            if in_a_row >= self.plan.health_checks {
                evidence.extend(health.iter().map(|group| {
                    format!(
                        "{}: {} of {} targets healthy",
                        group.group, group.healthy, group.targets
                    )
                }));
                return Ok(evidence);
            }
            self.seams
                .operator
                .wait(HEALTH_INTERVAL, "for the new targets to be healthy");
        }
        let health = self.seams.cloud.health(&self.plan)?;
        let ill = health.iter().filter(|group| !group.is_healthy());
        let ill: Vec<String> = ill
            .map(|group| {
                format!(
                    "{} has {} of {} targets healthy",
                    group.group, group.healthy, group.targets
                )
            })
            .collect();
        Err(Stop::Failed(format!(
            "the new groups did not become healthy: {}",
            ill.join(", ")
        )))
    }

    fn verify_directly(&mut self) -> Result<Vec<String>, Stop> {
        let side = self.direct()?;
        let probes = self.seams.prober.probe(&side).map_err(Stop::Failed)?;
        if !probes.is_green() {
            return Err(Stop::Failed(format!(
                "the new side, asked directly, is not green: {}",
                probes.red().join(", ")
            )));
        }
        Ok(vec![format!("asked directly: {}", probes.summary())])
    }

    fn shift(&mut self, percent: u8) -> Result<Vec<String>, Stop> {
        let wanted = self.seams.cloud.traffic_at(&self.plan, percent)?;
        let live = self.seams.cloud.traffic()?;
        if live != wanted {
            self.must_be_ours(&live)?;
            self.ask(
                Question::Shift,
                &format!("send {percent} % of the traffic to the new side"),
            )?;
            self.log(Event::Setting {
                traffic: wanted.clone(),
            })?;
            self.seams.cloud.set_traffic(&live, &wanted)?;
        }
        self.settle()?;
        let after = self.seams.cloud.traffic()?;
        if after != wanted {
            return Err(changed("traffic", &wanted, &after).into());
        }
        let (probes, regressions) = self.verify(Step::Shift(percent))?;
        Ok(vec![
            format!("{percent} % on the new side, read back"),
            format!(
                "{} verifications: {}; {regressions} regressions, {} allowed",
                self.plan.rounds,
                probes.summary(),
                self.plan.budget.0
            ),
        ])
    }

    fn hold(&mut self) -> Result<Vec<String>, Stop> {
        let since_ms = self
            .state()
            .all_shifted_at_ms
            .unwrap_or_else(|| self.seams.clock.now_ms());
        let until_ms = since_ms.saturating_add(
            i64::try_from(self.plan.hold_s.saturating_mul(1000)).unwrap_or(i64::MAX),
        );
        loop {
            let left_ms =
                u64::try_from(until_ms.saturating_sub(self.seams.clock.now_ms())).unwrap_or(0);
            if left_ms == 0 {
                break;
            }
            let time = Duration::from_millis(left_ms).min(HOLD_INTERVAL);
            self.seams.operator.wait(
                time,
                "for connections that clients kept to the old side to end",
            );
            self.verify(Step::Hold)?;
        }
        let live = self.seams.cloud.traffic()?;
        self.must_be_ours(&live)?;
        let (probes, _) = self.verify(Step::Hold)?;
        Ok(vec![format!(
            "held for {} s: {}",
            self.plan.hold_s,
            probes.summary()
        )])
    }

    fn clean_up(&mut self) -> Result<Vec<String>, Stop> {
        let live = self.seams.cloud.traffic()?;
        if live.percent_next.is_some_and(|percent| percent < 100) {
            return Err(Stop::Error(MigrateError::NotOurs(
                "not all traffic is on the new side".to_owned(),
            )));
        }
        self.ask(
            Question::CleanUp,
            "take the old side away; after this there is no way back by command",
        )?;
        Ok(self.seams.cloud.clean_up(&self.plan)?)
    }

    /// Verifies as often as the plan says; the newest answer, and the regressions of all rounds.
    fn verify(&mut self, step: Step) -> Result<(Probes, usize), Stop> {
        let baseline = self.state().baseline.unwrap_or_default();
        let mut count = 0;
        let mut newest = Probes::default();
        for _ in 0..self.plan.rounds {
            newest = self.look(step)?;
            let regressions = baseline.regressions(&newest);
            count += regressions.len();
            self.log(Event::Verified {
                step,
                probes: newest.clone(),
                regressions: regressions.clone(),
            })?;
            if self.plan.budget.is_broken_by(count) {
                return Err(Stop::Failed(format!(
                    "green before and red now: {}",
                    regressions.join(", ")
                )));
            }
        }
        Ok((newest, count))
    }

    /// One verification. While clients are spread over both sides, what one address sees is half the truth: the new side is
    /// asked directly as well.
    fn look(&mut self, step: Step) -> Result<Probes, Stop> {
        let probes = self
            .seams
            .prober
            .probe(&Side::Public)
            .map_err(Stop::Failed)?;
        if !matches!(step, Step::Shift(percent) if percent < 100) {
            return Ok(probes);
        }
        let side = self.direct()?;
        let direct = self.seams.prober.probe(&side).map_err(Stop::Failed)?;
        Ok(probes.worst(&direct))
    }

    /// Where the new side is asked directly: as the plan says, else as the cloud does.
    fn direct(&mut self) -> Result<Side, CloudError> {
        let planned = &self.plan.endpoints.direct;
        if !planned.is_empty() {
            return Ok(Side::Direct(planned.clone()));
        }
        Ok(Side::Direct(self.seams.cloud.direct(&self.plan)?))
    }

    /// Waits until the last change has reached everybody.
    pub(super) fn settle(&mut self) -> Result<(), CloudError> {
        let mut waited = Duration::ZERO;
        loop {
            match self.seams.cloud.settling()? {
                Settling::Settled => return Ok(()),
                Settling::Wait(_, why) if waited >= SETTLE_PATIENCE => {
                    return Err(CloudError::Failed(format!(
                        "the change did not reach everybody within {} s: {why}",
                        SETTLE_PATIENCE.as_secs()
                    )));
                }
                Settling::Wait(time, why) => {
                    self.seams.operator.wait(time, &why);
                    waited += time.max(Duration::from_millis(1));
                }
            }
        }
    }

    /// Live traffic must be something that this migration set, or found.
    pub(super) fn must_be_ours(&self, live: &Traffic) -> Result<(), CloudError> {
        let own = self.state().own_traffic;
        match own.last() {
            _ if own.contains(live) => Ok(()),
            Some(expected) => Err(changed("traffic", expected, live)),
            None => Ok(()),
        }
    }
}

/// Two tables must decide every request alike: proven in both directions.
fn must_equal(what: &str, planned: &str, live: &Table) -> Result<(), Stop> {
    let planned = table(what, planned)?;
    for difference in [diff(&planned, live), diff(live, &planned)] {
        if let Some(change) = difference.changes.first() {
            let found = format!(
                "{} {} reaches {}",
                change.witness.method,
                change.witness.url(),
                change.to
            );
            let expected = change.from.clone();
            return Err(CloudError::Changed {
                what: what.to_owned(),
                expected,
                found,
            }
            .into());
        }
        if !difference.is_empty() {
            let found = "listeners that the plan does not have, or the reverse".to_owned();
            return Err(CloudError::Changed {
                what: what.to_owned(),
                expected: "the planned listeners".to_owned(),
                found,
            }
            .into());
        }
    }
    Ok(())
}

/// The table in a plan.
fn table(what: &str, text: &str) -> Result<Table, Stop> {
    let reading = reader::toml::read(&Source::new(0, what.to_owned(), text.to_owned()));
    if reading.is_complete() {
        return Ok(reading.table);
    }
    Err(Stop::Error(MigrateError::NotOurs(format!(
        "the plan's table of {what} is not understood"
    ))))
}

fn changed(what: &str, expected: &Traffic, found: &Traffic) -> CloudError {
    CloudError::Changed {
        what: what.to_owned(),
        expected: expected.exact.to_string(),
        found: found.exact.to_string(),
    }
}

/// Between two looks at the new targets.
const HEALTH_INTERVAL: Duration = Duration::from_secs(1);
/// Between two verifications while traffic is held.
const HOLD_INTERVAL: Duration = Duration::from_mins(1);
/// Longest time a change of records may take to reach all name servers; a minute is usual.
const SETTLE_PATIENCE: Duration = Duration::from_mins(15);
