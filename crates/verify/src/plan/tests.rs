use std::collections::BTreeSet;

use super::*;
use crate::deployment::Options;
use crate::probe::Place;

fn deployment(auth: &str, registry: &str) -> Deployment {
    Deployment {
        auth: auth.parse().unwrap(),
        registry: registry.parse().unwrap(),
        direct: Vec::new(),
        options: Options::default(),
    }
}

#[test]
fn ids_are_unique() {
    let probes = plan(&deployment("https://auth.a.b", "https://registry.a.b"));
    let ids: BTreeSet<_> = probes.iter().map(|probe| &probe.id).collect();
    assert_eq!(ids.len(), probes.len());
}

/// Security 21: what may go astray never carries the caller's key.
#[test]
fn only_requests_that_must_succeed_carry_the_real_key() {
    for probe in plan(&deployment("https://auth.a.b", "https://registry.a.b")) {
        let Action::Ask(ask) = &probe.action else {
            continue;
        };
        if matches!(ask.credential, Credential::Real(_)) {
            assert!(
                matches!(probe.expect, Expect::Allowed | Expect::ValidKey),
                "{}",
                probe.id
            );
            assert_eq!(
                (&ask.entry, &ask.host),
                (&Entry::Front, &None),
                "{}",
                probe.id
            );
        }
    }
}

#[test]
fn an_address_has_no_spellings_and_plain_http_no_port_80() {
    let probes = plan(&deployment(
        "http://127.0.0.1:8000",
        "http://127.0.0.1:5000",
    ));
    let has = |part: &str| probes.iter().any(|probe| probe.id.contains(part));
    assert!(!has("host-upper") && !has("port80"));
    assert!(has("unknown-host") && has("foreign-path"));
}

#[test]
fn every_place_of_a_key_is_tried() {
    let probes = plan(&deployment("https://auth.a.b", "https://registry.a.b"));
    for place in Place::ALL {
        assert!(probes.iter().any(|probe| matches!(&probe.action,
            Action::Ask(ask) if ask.credential == Credential::Real(place))));
    }
}
