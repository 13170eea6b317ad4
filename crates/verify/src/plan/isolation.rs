//! Which host reaches what. All of it with canary keys: these requests are meant to go astray.

use super::{get, own_request, probe};
use crate::deployment::Deployment;
use crate::endpoint::Service;
use crate::probe::{Action, Area, Ask, Credential, Expect, Place, Probe};

pub(super) fn add(deployment: &Deployment, service: Service, probes: &mut Vec<Probe>) {
    let area = Area::Isolation;
    let canary = Credential::Canary(Place::Bearer);
    let other = service.other();
    probes.push(probe(
        service,
        "foreign-path",
        area,
        &format!("does not serve {other}'s paths"),
        Action::Ask(own_request(other, canary)),
        Expect::Isolated,
    ));
    let endpoint = deployment.endpoint(service);
    if endpoint.is_name() {
        for (id, title, host) in spellings(&endpoint.authority(), &endpoint.host, endpoint.port) {
            let ask = Ask {
                host: Some(host),
                ..get("/health")
            };
            probes.push(probe(
                service,
                id,
                area,
                title,
                Action::Ask(ask),
                Expect::SameService,
            ));
        }
    }
    let stranger = Ask {
        host: Some(STRANGER.to_owned()),
        ..own_request(service, canary)
    };
    probes.push(probe(
        service,
        "unknown-host",
        area,
        "unknown host is not served",
        Action::Ask(stranger),
        Expect::NotServed,
    ));
}

fn spellings(authority: &str, host: &str, port: u16) -> [(&'static str, &'static str, String); 3] {
    let suffix = authority.strip_prefix(host).unwrap_or_default();
    [
        (
            "host-upper",
            "host in capitals",
            authority.to_ascii_uppercase(),
        ),
        ("host-port", "host with port", format!("{host}:{port}")),
        (
            "host-dot",
            "host with a trailing dot",
            format!("{host}.{suffix}"),
        ),
    ]
}

/// Paths that two parsers may read in two ways; what comes back is recorded.
pub(super) fn add_normalisation(service: Service, probes: &mut Vec<Probe>) {
    let canary = Credential::Canary(Place::Bearer);
    let own = own_request(service, canary);
    let tail = own.path.trim_start_matches("/api/").to_owned();
    for (id, title, path) in [
        ("double-slash", "//", format!("//api/{tail}")),
        ("encoded-dot", "%2e", format!("/%2e/api/{tail}")),
        ("encoded-slash", "..%2f", format!("/x/..%2fapi/{tail}")),
        ("dot-dot", "..", format!("/x/../api/{tail}")),
        ("encoded-letter", "%61", format!("/%61pi/{tail}")),
    ] {
        let ask = Ask {
            path,
            ..own.clone()
        };
        probes.push(probe(
            service,
            &format!("path-{id}"),
            Area::Normalisation,
            &format!("path with `{title}`"),
            Action::Ask(ask),
            Expect::Recorded,
        ));
    }
}

/// A name that nobody can own (RFC 6761, 6.4).
const STRANGER: &str = "hokusai-verify.invalid";
