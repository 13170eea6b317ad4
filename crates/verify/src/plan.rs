//! The plan: which probes, as data. Pure: the same deployment gives the same plan.

mod connections;
mod isolation;
mod keys;
mod registration;
mod services;

use crate::deployment::Deployment;
use crate::endpoint::Service;
use crate::probe::{Action, Area, Ask, Credential, Entry, Expect, Probe};

/// All probes, in the order in which they are reported.
pub fn plan(deployment: &Deployment) -> Vec<Probe> {
    let mut probes = Vec::new();
    for service in Service::ALL {
        connections::add(deployment, service, &mut probes);
    }
    for service in Service::ALL {
        services::add(deployment, service, &mut probes);
    }
    for service in Service::ALL {
        isolation::add(deployment, service, &mut probes);
    }
    keys::add(&mut probes);
    registration::add(&mut probes);
    for service in Service::ALL {
        isolation::add_normalisation(service, &mut probes);
    }
    probes
}

fn probe(
    service: Service,
    id: &str,
    area: Area,
    title: &str,
    action: Action,
    expect: Expect,
) -> Probe {
    Probe {
        id: format!("{service}.{id}"),
        area,
        title: format!("{service}: {title}"),
        service,
        action,
        expect,
    }
}

fn get(path: &str) -> Ask {
    Ask {
        entry: Entry::Front,
        method: "GET",
        host: None,
        path: path.to_owned(),
        credential: Credential::None,
        body: None,
        times: 1,
    }
}

/// A request that only `service` knows, cheap and without effect.
fn own_request(service: Service, credential: Credential) -> Ask {
    match service {
        Service::Auth => Ask {
            method: "POST",
            credential,
            ..get(VALIDATE)
        },
        Service::Registry => Ask {
            credential,
            ..get(SEARCH)
        },
    }
}

/// Judges the key in the header.
pub const VALIDATE: &str = "/api/v1/keys/validate";
/// Needs a key that may read.
pub const SEARCH: &str = "/api/2.0/mlflow/registered-models/search?max_results=1";

#[cfg(test)]
mod tests;
