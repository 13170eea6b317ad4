//! The one way out for the caller's key (security 21).

use super::Prober;
use super::connect::{self, Line};
use super::http::{self, Head};
use crate::endpoint::Service;
use crate::foreign::Foreign;
use crate::observation::{Answer, Fault, NotRun, Outcome, StepFault, Withheld};
use crate::probe::{Ask, Credential, Entry, Place};

/// A connection to a service that has shown who it is.
///
/// INVARIANT: `line` is private, and `/health` on it was answered by `service`.
pub(super) struct Keyed<'p> {
    prober: &'p Prober,
    service: Service,
    line: Line,
}

/// Why a key was not sent, or got no answer.
#[derive(Debug)]
pub(super) enum Unsent {
    Failed(Fault),
    Withheld(Withheld),
}

impl<'p> Keyed<'p> {
    /// Opens a connection and asks who is there.
    pub(super) async fn open(prober: &'p Prober, service: Service) -> Result<Self, Unsent> {
        let line = introduced(prober, service).await?;
        Ok(Self {
            prober,
            service,
            line,
        })
    }

    /// Sends a small request with `key`, after a canary has shown who answers this path.
    pub(super) async fn ask(
        &mut self,
        ask: &Ask,
        place: Place,
        key: &str,
    ) -> Result<Answer, Unsent> {
        let head = self.cleared(ask, place).await?;
        let head = head.with_key(place, key);
        let answer = http::ask(self.prober, &mut self.line, &head, ask.body.clone()).await;
        answer.map_err(Unsent::Failed)
    }

    /// The connection and the head of a request that `key` may be sent with; for bodies that are not small.
    pub(super) async fn cleared_with_key(
        &mut self,
        ask: &Ask,
        key: &str,
    ) -> Result<(&mut Line, Head), Unsent> {
        let head = self.cleared(ask, Place::Bearer).await?;
        Ok((&mut self.line, head.with_key(Place::Bearer, key)))
    }

    /// The head without the key, once the canary was answered by the service itself.
    async fn cleared(&mut self, ask: &Ask, place: Place) -> Result<Head, Unsent> {
        self.revive().await?;
        let endpoint = self.prober.deployment.endpoint(self.service);
        let front = self.prober.front(self.service);
        let head = Head::of(ask, endpoint, &front, None);
        let canary = head.with_key(place, self.prober.keys.canary.reveal());
        let path = ask.path.split('?').next().unwrap_or_default().to_owned();
        match http::ask(self.prober, &mut self.line, &canary, None).await {
            Ok(answer) if answer.answered_by.as_deref() == Some(self.service.name()) => {}
            Ok(answer) => {
                let who = answered(&answer);
                return Err(Unsent::Withheld(Withheld::Path(path, who)));
            }
            Err(Fault::Timeout(ms)) => {
                let who = Foreign::new(format!("nobody within {ms} ms"));
                return Err(Unsent::Withheld(Withheld::Path(path, who)));
            }
            Err(fault) => return Err(Unsent::Failed(fault)),
        }
        // An answer may have closed the connection: then who is there is asked anew.
        self.revive().await?;
        Ok(head)
    }

    async fn revive(&mut self) -> Result<(), Unsent> {
        if self.line.sender.is_closed() || self.line.sender.ready().await.is_err() {
            self.line = introduced(self.prober, self.service).await?;
        }
        Ok(())
    }
}

/// A private connection on which the service has just answered `/health` with its name.
async fn introduced(prober: &Prober, service: Service) -> Result<Line, Unsent> {
    let place = prober.front(service);
    let mut line = connect::open(prober, &place)
        .await
        .map_err(Unsent::Failed)?;
    if !line.is_private {
        return Err(Unsent::Withheld(Withheld::InClear));
    }
    let health = Ask {
        entry: Entry::Front,
        method: "GET",
        host: None,
        path: "/health".to_owned(),
        credential: Credential::None,
        body: None,
        times: 1,
    };
    let head = Head::of(&health, prober.deployment.endpoint(service), &place, None);
    let answer = http::ask(prober, &mut line, &head, None)
        .await
        .map_err(Unsent::Failed)?;
    let names_itself = answer.text("service").as_deref() == Some(service.name());
    let is_named = answer.answered_by.as_deref() == Some(service.name());
    if !names_itself || !is_named {
        return Err(Unsent::Withheld(Withheld::Identity(answered(&answer))));
    }
    if line.sender.ready().await.is_ok() {
        return Ok(line);
    }
    // Some proxies close after each answer: the next connection shows its certificate again, the identity was just shown.
    let line = connect::open(prober, &place)
        .await
        .map_err(Unsent::Failed)?;
    if line.is_private {
        Ok(line)
    } else {
        Err(Unsent::Withheld(Withheld::InClear))
    }
}

fn answered(answer: &Answer) -> Foreign {
    let who = answer.answered_by.as_deref().unwrap_or("somebody unnamed");
    Foreign::new(format!("{who}, with {}", answer.status))
}

impl From<Unsent> for Outcome {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::Failed(fault) => Self::Failed(fault),
            Unsent::Withheld(why) => Self::NotRun(NotRun::Withheld(why)),
        }
    }
}

impl From<Unsent> for StepFault {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::Failed(fault) => Self::Failed(fault),
            Unsent::Withheld(why) => Self::Withheld(why),
        }
    }
}
