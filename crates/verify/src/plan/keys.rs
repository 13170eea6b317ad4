//! Keys, good and bad.

use super::{SEARCH, get, own_request, probe};
use crate::endpoint::Service;
use crate::probe::{Action, Area, Ask, Credential, Expect, Place, Probe};

pub(super) fn add(probes: &mut Vec<Probe>) {
    let area = Area::Keys;
    let mut add = |service, id: &str, title: &str, action, expect| {
        probes.push(probe(service, id, area, title, action, expect));
    };
    let ask = |service, credential| Action::Ask(own_request(service, credential));
    add(
        Service::Auth,
        "key-form",
        "API key format",
        Action::LookAtKey,
        Expect::WellFormedKey,
    );
    let real = Credential::Real(Place::Bearer);
    add(
        Service::Auth,
        "key-valid",
        "API key validation",
        ask(Service::Auth, real),
        Expect::ValidKey,
    );
    for service in Service::ALL {
        let canary = Credential::Canary(Place::Bearer);
        add(
            service,
            "key-unknown",
            "a key that was never minted is refused",
            ask(service, canary),
            Expect::RefusedKey(&["unknown", "rate"]),
        );
    }
    add(
        Service::Registry,
        "key-malformed",
        "a malformed key is refused",
        ask(Service::Registry, Credential::Malformed),
        Expect::RefusedKey(&["malformed"]),
    );
    add(
        Service::Registry,
        "key-missing",
        "a request without key is refused",
        ask(Service::Registry, Credential::None),
        Expect::RefusedKey(&["missing"]),
    );
    for place in Place::ALL {
        let search = Ask {
            credential: Credential::Real(place),
            ..get(SEARCH)
        };
        add(
            Service::Registry,
            &format!("key-as-{}", place.name().to_ascii_lowercase()),
            &format!("key as {}", place.name()),
            Action::Ask(search),
            Expect::Allowed,
        );
    }
    add(
        Service::Registry,
        "key-reader",
        "a read-only key may not write",
        Action::WriteAsReader,
        Expect::ReaderRefused,
    );
}
