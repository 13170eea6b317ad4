//! The right rule, and the wrong service behind it (class 1).

use super::{Cause, routes};
use crate::endpoint::Service;
use crate::facts::Facts;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let is_other = |service: Service| {
        let health = facts.answer(service, "health");
        health.is_some_and(|h| h.answered_by.as_deref() == Some(service.other().name()))
    };
    let hosts = |service| &facts.deployment.endpoint(service).host;
    if is_other(Service::Auth) && is_other(Service::Registry) {
        let sentence = format!(
            "the two services are swapped: `{}` is answered by the registry and `{}` by auth",
            hosts(Service::Auth),
            hosts(Service::Registry)
        );
        let fix = "swap the target groups (or their targets, or the DNS records) of the two hosts";
        let evidence = Service::ALL.into_iter().flat_map(|s| targets(facts, s));
        return vec![Cause::new("services-swapped", 20, sentence, fix).with(evidence)];
    }
    Service::ALL
        .into_iter()
        .filter(|service| is_other(*service) && routes::is_as_meant(facts, *service, "/health"))
        .map(|service| {
            let other = service.other();
            let sentence = format!(
                "the rules send `{}` to the target group of {service}, and {other} answers: the targets of that group are {other}'s",
                hosts(service)
            );
            let fix = format!("register {service}'s own address and port in its target group");
            Cause::new("wrong-targets", 20, sentence, fix).with(targets(facts, service))
        })
        .collect()
}

fn targets(facts: &Facts<'_>, service: Service) -> Vec<String> {
    let Some(decision) = routes::decide(facts, service, "GET", "/health") else {
        return Vec::new();
    };
    let groups = decision
        .groups
        .iter()
        .filter_map(|name| decision.table.target_group(name));
    groups
        .map(|group| {
            let at: Vec<&str> = group.targets.iter().map(String::as_str).collect();
            format!(
                "target group `{}` has the targets `{}`",
                group.name,
                at.join("`, `")
            )
        })
        .collect()
}
