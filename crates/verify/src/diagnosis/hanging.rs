//! Requests get through and no answer comes (class 3).

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::observation::Fault;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let all = Service::ALL.into_iter();
    all.filter_map(|service| cause(facts, service)).collect()
}

fn is_silent(facts: &Facts<'_>, service: Service, id: &str) -> bool {
    let late = matches!(facts.fault(service, id), Some(Fault::Timeout(_)));
    late || facts
        .answer(service, id)
        .is_some_and(|answer| answer.status == 504 && !answer.is_from_service())
}

fn cause(facts: &Facts<'_>, service: Service) -> Option<Cause> {
    let host = &facts.deployment.endpoint(service).host;
    let (health, api) = (
        is_silent(facts, service, "health"),
        is_silent(facts, service, "key-unknown"),
    );
    let sentence = match (health, api) {
        (false, false) => return None,
        (_, true) if facts.answers_directly(service, "api").is_some() && !health => {
            // Asked directly it answers: that is a matter of routing.
            return None;
        }
        (true, _) => format!(
            "{service} accepts requests to `{host}` and never answers, not even `/health`: the process behind it hangs"
        ),
        (false, true) => format!(
            "{service} answers `{host}/health` and never its API: either a rule sends the API elsewhere, or the service hangs on its work (a lock, a database, a dependency)"
        ),
    };
    let fix = format!(
        "look at the process of {service} (threads, database connections) and restart it; `--{service}-direct HOST:PORT` and `--rules FILE` tell a hanging service from a wrong rule"
    );
    let evidence = ["health", "key-unknown"]
        .into_iter()
        .filter_map(|id| Some(format!("`{service}.{id}`: {}", facts.detail(service, id)?)));
    Some(Cause::new("upstream-hangs", 28, sentence, fix).with(evidence))
}
