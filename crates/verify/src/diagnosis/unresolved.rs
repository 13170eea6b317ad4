//! A name has no address (class 7).

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let names = Service::ALL.into_iter().filter(|s| facts.failed(*s, "dns"));
    names
        .map(|service| {
            let host = &facts.deployment.endpoint(service).host;
            let sentence = format!("the name `{host}` of {service} does not resolve on this machine, so no client gets as far as a connection");
            let fix = format!("create or correct the DNS record of `{host}`; until then `--resolve {host}=ADDRESS` checks what it will point to");
            let seen = facts.detail(service, "dns").map(str::to_owned);
            Cause::new("name-unresolved", 10, sentence, fix).with(seen)
        })
        .collect()
}
