//! The only IO of this crate: asks what the plan says, and notes what comes.
//!
//! Security 21: the caller's key leaves only through `keyed`, which sees to it that the endpoint has just shown a good
//! certificate (or is this machine), its identity, and that the very path is answered by the right service. Nothing here
//! follows a redirect or uses a proxy.

mod body;
mod connect;
mod http;
mod keyed;
mod reader;
mod registration;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use hokusai_core::clock::Clock;
use hokusai_core::key::ApiKey;

use crate::deployment::{Deployment, Keys};
use crate::endpoint::Service;
use crate::observation::{Answer, KeyForm, NotRun, Observation, Outcome};
use crate::probe::{Action, Ask, Credential, Entry, Place, Probe};

pub use connect::{InvalidOverride, Override};
pub use tls::{Tls, TlsSetupError};

/// What probing needs besides the plan.
pub struct Prober {
    /// What is checked.
    pub deployment: Deployment,
    /// The keys of this run.
    pub keys: Keys,
    /// Addresses in place of the resolver's.
    pub overrides: Vec<Override>,
    /// Whom certificates are believed; absent when no endpoint speaks TLS.
    pub tls: Option<Tls>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Prober {
    /// Asks everything; `done` hears of each probe as it ends. The observations come in the order of the plan.
    pub async fn run(
        &self,
        plan: &[Probe],
        mut done: impl FnMut(&Probe, &Observation),
    ) -> Vec<Observation> {
        let (first, rest): (Vec<&Probe>, Vec<&Probe>) = plan
            .iter()
            .partition(|probe| matches!(probe.action, Action::Resolve | Action::Connect));
        let mut seen = Vec::with_capacity(plan.len());
        for group in [first, rest] {
            let known: &[Observation] = &seen.clone();
            let mut under_way = futures_util::stream::iter(group)
                .map(|probe| async move { (probe, self.observe(probe, known).await) })
                .buffer_unordered(CONCURRENCY);
            while let Some((probe, observation)) = under_way.next().await {
                done(probe, &observation);
                seen.push(observation);
            }
        }
        let place = |observation: &Observation| plan.iter().position(|p| p.id == observation.probe);
        seen.sort_by_key(place);
        seen
    }

    async fn observe(&self, probe: &Probe, known: &[Observation]) -> Observation {
        let started = self.clock.monotonic_ms();
        let limit = Duration::from_millis(self.deployment.options.deadline_ms * WHOLE_PROBE)
            + body::transfer_time(self.deployment.options.artifact_bytes);
        let outcome = match blocked(probe, known) {
            Some(reason) => Outcome::NotRun(reason),
            None => tokio::time::timeout(limit, self.act(probe))
                .await
                .unwrap_or(Outcome::NotRun(NotRun::OutOfTime)),
        };
        Observation {
            probe: probe.id.clone(),
            outcome,
            took_ms: self.clock.monotonic_ms().saturating_sub(started),
        }
    }

    async fn act(&self, probe: &Probe) -> Outcome {
        match &probe.action {
            Action::Resolve => connect::resolve_only(self, probe.service).await,
            Action::Connect => match connect::open(self, &self.front(probe.service)).await {
                Ok(line) => Outcome::Connected(line.connected),
                Err(fault) => Outcome::Failed(fault),
            },
            Action::Ask(ask) => match ask.credential {
                Credential::Real(place) => self.ask_with_key(probe.service, ask, place).await,
                _ => self.ask(probe.service, ask).await,
            },
            Action::LookAtKey => self.look_at_key(),
            Action::Register => registration::run(self).await,
            Action::WriteAsReader => reader::run(self).await,
        }
    }

    /// A request without the caller's key.
    async fn ask(&self, service: Service, ask: &Ask) -> Outcome {
        let place = self.entry(service, &ask.entry);
        let key = match ask.credential {
            Credential::Canary(place) => Some((place, self.keys.canary.reveal())),
            Credential::Malformed => Some((Place::Bearer, MALFORMED)),
            Credential::None | Credential::Real(_) => None,
        };
        let head = http::Head::of(ask, self.deployment.endpoint(service), &place, key);
        let mut all: Option<Answer> = None;
        let mut line = match connect::open(self, &place).await {
            Ok(line) => line,
            Err(fault) => return Outcome::Failed(fault),
        };
        for _ in 0..ask.times {
            if line.sender.is_closed() {
                line = match connect::open(self, &place).await {
                    Ok(line) => line,
                    Err(fault) => return Outcome::Failed(fault),
                };
            }
            match http::ask(self, &mut line, &head, ask.body.clone()).await {
                Ok(answer) => all = Some(joined(all, answer)),
                Err(fault) => return Outcome::Failed(fault),
            }
        }
        all.map_or(Outcome::NotRun(NotRun::OutOfTime), |answer| {
            Outcome::Answered(Box::new(answer))
        })
    }

    async fn ask_with_key(&self, service: Service, ask: &Ask, place: Place) -> Outcome {
        let Some(key) = &self.keys.real else {
            return Outcome::NotRun(NotRun::NoKey);
        };
        let sent = async {
            let mut keyed = keyed::Keyed::open(self, service).await?;
            keyed.ask(ask, place, key.reveal()).await
        };
        match sent.await {
            Ok(answer) => Outcome::Answered(Box::new(answer)),
            Err(refused) => refused.into(),
        }
    }

    fn look_at_key(&self) -> Outcome {
        let Some(key) = &self.keys.real else {
            return Outcome::NotRun(NotRun::NoKey);
        };
        let raw = key.reveal();
        Outcome::Key(match ApiKey::parse(raw) {
            Err(_) if ApiKey::parse(raw.trim_matches(['"', '\'', ' '])).is_ok() => KeyForm::Wrapped,
            Err(_) => KeyForm::Malformed,
            Ok(parsed) if parsed.has_good_checksum() => KeyForm::Good,
            Ok(_) => KeyForm::NoChecksum,
        })
    }

    fn front(&self, service: Service) -> connect::Place {
        self.entry(service, &Entry::Front)
    }

    fn entry(&self, service: Service, entry: &Entry) -> connect::Place {
        let endpoint = self.deployment.endpoint(service);
        match entry {
            Entry::Front => connect::Place::of(&endpoint.host, endpoint.port, endpoint.is_tls),
            Entry::Plain => connect::Place::of(&endpoint.host, 80, false),
            Entry::Direct(authority) => connect::Place::of_authority(authority),
        }
    }

    fn deadline(&self) -> Duration {
        Duration::from_millis(self.deployment.options.deadline_ms)
    }
}

/// The earlier probe that makes this one pointless.
fn blocked(probe: &Probe, known: &[Observation]) -> Option<NotRun> {
    let services: &[Service] = match &probe.action {
        Action::Resolve | Action::Connect | Action::LookAtKey => return None,
        Action::Ask(ask) if ask.entry != Entry::Front => return None,
        Action::Ask(_) => &[probe.service],
        Action::Register => &[Service::Registry],
        Action::WriteAsReader => &Service::ALL,
    };
    services.iter().find_map(|service| {
        let id = format!("{service}.connect");
        let failed = known.iter().any(|observation| {
            observation.probe == id && !matches!(observation.outcome, Outcome::Connected(_))
        });
        failed.then_some(NotRun::Blocked(id))
    })
}

/// The last answer, with the times and versions of all.
fn joined(all: Option<Answer>, mut next: Answer) -> Answer {
    if let Some(before) = all {
        next.times_ms.extend(before.times_ms);
        next.times_ms.sort_unstable();
        for version in before.versions {
            if !next.versions.contains(&version) {
                next.versions.push(version);
            }
        }
    }
    next
}

/// Fast enough, and no load test.
const CONCURRENCY: usize = 8;
/// A probe of several requests may take so many deadlines.
const WHOLE_PROBE: u64 = 12;
/// What no key looks like.
const MALFORMED: &str = "not-a-key";
