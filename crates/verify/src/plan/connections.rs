//! Names, connections, certificates, port 80.

use super::{get, own_request, probe};
use crate::deployment::Deployment;
use crate::endpoint::Service;
use crate::probe::{Action, Area, Ask, Credential, Entry, Expect, Place, Probe};

pub(super) fn add(deployment: &Deployment, service: Service, probes: &mut Vec<Probe>) {
    let area = Area::Connection;
    probes.push(probe(
        service,
        "dns",
        area,
        "name resolution",
        Action::Resolve,
        Expect::Resolves,
    ));
    probes.push(probe(
        service,
        "connect",
        area,
        "connection",
        Action::Connect,
        Expect::Connects,
    ));
    if !deployment.endpoint(service).is_tls {
        return;
    }
    // Only canaries go to port 80: what is sent there is public.
    let api = Ask {
        entry: Entry::Plain,
        ..own_request(service, Credential::Canary(Place::Bearer))
    };
    probes.push(probe(
        service,
        "port80-api",
        area,
        "port 80, API request",
        Action::Ask(api),
        Expect::PlainRefused,
    ));
    let page = Ask {
        entry: Entry::Plain,
        ..get("/")
    };
    probes.push(probe(
        service,
        "port80-page",
        area,
        "port 80, page",
        Action::Ask(page),
        Expect::PlainPage,
    ));
}
