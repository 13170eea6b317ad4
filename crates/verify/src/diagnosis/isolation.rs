//! Everything works, and more than should (classes 1 and 10).

use super::{Cause, routes};
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::plan::{SEARCH, VALIDATE};

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let mut causes = Vec::new();
    for service in Service::ALL {
        if !facts.passed(service, "key-unknown") {
            continue;
        }
        let host = &facts.deployment.endpoint(service).host;
        let other = service.other();
        if facts.failed(service, "foreign-path") {
            let path = if other == Service::Auth {
                VALIDATE
            } else {
                SEARCH
            };
            let rule = routes::decide(facts, service, "GET", path)
                .map(|decision| format!("{} sends it to {}", decision.decider, decision.target));
            let sentence =
                format!("`{host}` is not isolated: {other}'s paths are taken there as well");
            let fix = format!(
                "give every rule a host, so that `{host}` reaches {service} only, and let the default answer 404"
            );
            let seen = facts.detail(service, "foreign-path").map(str::to_owned);
            causes.push(
                Cause::new("not-isolated", 44, sentence, fix)
                    .with(seen)
                    .with(rule),
            );
        }
        if facts.failed(service, "unknown-host") {
            let sentence = format!(
                "{service} is served under host names that nobody gave it: a rule without a host, or a default action that forwards"
            );
            let fix = "give every rule a host, and let the default answer 404";
            let seen = facts.detail(service, "unknown-host").map(str::to_owned);
            causes.push(Cause::new("unknown-host-served", 46, sentence, fix).with(seen));
        }
        let odd = ["host-upper", "host-port", "host-dot"];
        if let Some(id) = odd.into_iter().find(|id| facts.failed(service, id)) {
            let sentence = format!(
                "the way a client spells `{host}` changes where its requests go (`{service}.{id}`)"
            );
            let fix = "compare hosts without regard to case, port and a trailing dot, or refuse the odd spelling";
            let seen = facts.detail(service, id).map(str::to_owned);
            causes.push(Cause::new("host-spelling", 47, sentence, fix).with(seen));
        }
    }
    causes
}
