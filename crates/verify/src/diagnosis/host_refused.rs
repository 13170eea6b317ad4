//! The service refuses the name under which it is asked (class 9).

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let refused = Service::ALL.into_iter().filter(|service| {
        facts.api(*service).is_some_and(|answer| {
            answer.status == 421 && answer.answered_by.as_deref() == Some(service.name())
        })
    });
    refused
        .map(|service| {
            let host = &facts.deployment.endpoint(service).host;
            let sentence = format!("{service} does not answer to the name `{host}`: `/health` passes, because it is exempt, and everything else is refused with 421");
            let fix = format!("start {service} with `--allowed-host {host}`, or let the proxy keep the Host header");
            let seen = facts.detail(service, "key-unknown").map(str::to_owned);
            Cause::new("host-not-allowed", 23, sentence, fix).with(seen)
        })
        .collect()
}
