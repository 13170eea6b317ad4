//! MLflow's API at each base path, and a whole registration.

use super::{SEARCH, get, probe};
use crate::endpoint::Service;
use crate::probe::{Action, Area, Ask, Credential, Expect, Place, Probe};

pub(super) fn add(probes: &mut Vec<Probe>) {
    for base in BASES {
        let ask = Ask {
            credential: Credential::Real(Place::Bearer),
            ..get(&format!("{base}{SEARCH}"))
        };
        let shown = if base.is_empty() { "/" } else { base };
        probes.push(probe(
            Service::Registry,
            &format!("base{}", base.replace(['/', '.'], "-")),
            Area::Registration,
            &format!("MLflow API below {shown}"),
            Action::Ask(ask),
            Expect::Allowed,
        ));
    }
    probes.push(probe(
        Service::Registry,
        "register",
        Area::Registration,
        "a whole model registration",
        Action::Register,
        Expect::Registers,
    ));
}

/// Under which clients look for MLflow.
const BASES: [&str; 4] = ["", "/mlflow", "/api/mlflow", "/api/2.0/mlflow"];
