//! What a diagnosis looks at: observations by name, the verdict, and the rules if they are known.

use hokusai_routes::model::Table;

use crate::deployment::Deployment;
use crate::endpoint::Service;
use crate::observation::{Answer, Connected, Fault, Observation, Outcome, Step, StepFault};
use crate::probe::{Action, Entry, Probe};
use crate::verdict::{State, Verdict};

/// All that is known of one run.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What was checked.
    pub deployment: &'a Deployment,
    /// What was asked.
    pub plan: &'a [Probe],
    /// What was seen.
    pub observations: &'a [Observation],
    /// What it means, check by check.
    pub verdict: &'a Verdict,
    /// The listener rules, if the caller has them.
    pub rules: Option<&'a Table>,
}

impl<'a> Facts<'a> {
    /// What came of a probe.
    pub fn outcome(&self, service: Service, id: &str) -> Option<&'a Outcome> {
        let id = format!("{service}.{id}");
        let observation = self.observations.iter().find(|o| o.probe == id)?;
        Some(&observation.outcome)
    }

    /// The answer to a probe, if one came.
    pub fn answer(&self, service: Service, id: &str) -> Option<&'a Answer> {
        match self.outcome(service, id)? {
            Outcome::Answered(answer) => Some(answer),
            _ => None,
        }
    }

    /// Why no answer came, if it was tried.
    pub fn fault(&self, service: Service, id: &str) -> Option<&'a Fault> {
        match self.outcome(service, id)? {
            Outcome::Failed(fault) => Some(fault),
            _ => None,
        }
    }

    /// The connection to a service.
    pub fn connected(&self, service: Service) -> Option<&'a Connected> {
        match self.outcome(service, "connect")? {
            Outcome::Connected(connected) => Some(connected),
            _ => None,
        }
    }

    /// Whether a check failed.
    pub fn failed(&self, service: Service, id: &str) -> bool {
        self.state(service, id) == Some(State::Failed)
    }

    /// Whether a check passed.
    pub fn passed(&self, service: Service, id: &str) -> bool {
        self.state(service, id) == Some(State::Passed)
    }

    fn state(&self, service: Service, id: &str) -> Option<State> {
        Some(self.verdict.check(&format!("{service}.{id}"))?.state)
    }

    /// What a check saw.
    pub fn detail(&self, service: Service, id: &str) -> Option<&'a str> {
        let check = self.verdict.check(&format!("{service}.{id}"))?;
        Some(check.detail.as_str())
    }

    /// The answer to the canary at a service's own API, through the front door.
    pub fn api(&self, service: Service) -> Option<&'a Answer> {
        self.answer(service, "key-unknown")
    }

    /// The answers of the service's own listeners: address, and the answer to `/health` or to the API.
    pub fn direct(&self, service: Service, what: &str) -> Vec<(&'a str, &'a Outcome)> {
        let mine = self.plan.iter().filter(|probe| {
            probe.service == service
                && probe.id.contains(".direct")
                && probe.id.ends_with(&format!(".{what}"))
        });
        mine.filter_map(|probe| {
            let observation = self.observations.iter().find(|o| o.probe == probe.id)?;
            match &probe.action {
                Action::Ask(ask) => match &ask.entry {
                    Entry::Direct(authority) => Some((authority.as_str(), &observation.outcome)),
                    Entry::Front | Entry::Plain => None,
                },
                _ => None,
            }
        })
        .collect()
    }

    /// The service's own answer when it is asked past the front door.
    pub fn answers_directly(&self, service: Service, what: &str) -> Option<&'a Answer> {
        self.direct(service, what)
            .into_iter()
            .find_map(|(_, outcome)| match outcome {
                Outcome::Answered(answer)
                    if answer.answered_by.as_deref() == Some(service.name()) =>
                {
                    Some(answer.as_ref())
                }
                _ => None,
            })
    }

    /// The steps of the registration, or of the reader's try.
    pub fn steps(&self, id: &str) -> &'a [Step] {
        match self.outcome(Service::Registry, id) {
            Some(Outcome::Steps(steps)) => steps,
            _ => &[],
        }
    }

    /// The first step of the registration that failed.
    pub fn failed_step(&self) -> Option<(&'a Step, &'a StepFault)> {
        let mut steps = self.steps("register").iter();
        steps.find_map(|step| Some((step, step.result.as_ref().err()?)))
    }

    /// Every answer of the run, with the id of its probe; those of steps too.
    pub fn answers(&self) -> Vec<(&'a str, &'a Answer)> {
        let mut all = Vec::new();
        for observation in self.observations {
            let id = observation.probe.as_str();
            match &observation.outcome {
                Outcome::Answered(answer) => all.push((id, answer.as_ref())),
                Outcome::Steps(steps) => {
                    for step in steps {
                        if let Err(StepFault::Answered(answer)) = &step.result {
                            all.push((id, answer.as_ref()));
                        }
                    }
                }
                _ => {}
            }
        }
        all
    }

    /// Ids of the checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &'a str> {
        let failed = self
            .verdict
            .checks
            .iter()
            .filter(|c| c.state == State::Failed);
        failed.map(|check| check.id.as_str())
    }
}
