//! The process lives and its database does not (classes 2 and 6).

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let all = Service::ALL.into_iter();
    all.filter_map(|service| cause(facts, service)).collect()
}

fn cause(facts: &Facts<'_>, service: Service) -> Option<Cause> {
    let is_own = |id: &str| {
        facts
            .answer(service, id)
            .filter(|a| a.answered_by.as_deref() == Some(service.name()))
    };
    let not_ready = is_own("ready").filter(|answer| answer.status >= 500);
    // What auth does not hear is its database; what the registry does not hear is auth.
    let degraded = is_own("health")
        .filter(|a| service == Service::Auth && a.text("status").as_deref() == Some("degraded"));
    not_ready.or(degraded)?;
    let sentence = format!(
        "{service} lives and does not reach its database: `/health` {} and `/ready` does not, so requests that need the database fail until it is back",
        if facts.passed(service, "health") {
            "is green"
        } else {
            "says that it is degraded"
        }
    );
    let fix = format!(
        "start the database of {service}, or correct its URL and credentials (`hokusai doctor` on the machine of {service})"
    );
    let evidence = ["ready", "health"]
        .into_iter()
        .filter_map(|id| Some(format!("`/{id}`: {}", facts.detail(service, id)?)));
    Some(Cause::new("database-down", 30, sentence, fix).with(evidence))
}
