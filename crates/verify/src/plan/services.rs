//! Who answers, whether it is ready, and whether it is asked past the front door as well.

use super::{get, own_request, probe};
use crate::deployment::Deployment;
use crate::endpoint::Service;
use crate::probe::{Action, Area, Ask, Credential, Entry, Expect, Place, Probe};

pub(super) fn add(deployment: &Deployment, service: Service, probes: &mut Vec<Probe>) {
    let area = Area::Services;
    let health = Ask {
        times: SAMPLES,
        ..get("/health")
    };
    probes.push(probe(
        service,
        "health",
        area,
        "health and identity",
        Action::Ask(health),
        Expect::Identity,
    ));
    probes.push(probe(
        service,
        "ready",
        area,
        "ready",
        Action::Ask(get("/ready")),
        Expect::Ready,
    ));
    probes.push(probe(
        service,
        "version",
        area,
        "version",
        Action::Ask(get("/version")),
        Expect::Version,
    ));
    let mine = deployment.direct.iter().filter(|d| d.service == service);
    for (number, direct) in mine.enumerate() {
        let entry = || Entry::Direct(direct.authority.clone());
        let health = Ask {
            entry: entry(),
            times: SAMPLES,
            ..get("/health")
        };
        probes.push(probe(
            service,
            &format!("direct{number}.health"),
            area,
            &format!("asked directly at {}", direct.authority),
            Action::Ask(health),
            Expect::Identity,
        ));
        let api = Ask {
            entry: entry(),
            // The name under which the front door would ask it.
            host: Some(deployment.endpoint(service).authority()),
            ..own_request(service, Credential::Canary(Place::Bearer))
        };
        probes.push(probe(
            service,
            &format!("direct{number}.api"),
            area,
            &format!("API asked directly at {}", direct.authority),
            Action::Ask(api),
            Expect::RefusedKey(&["unknown"]),
        ));
    }
}

/// A median of five is not moved by one slow answer.
const SAMPLES: u32 = 5;
