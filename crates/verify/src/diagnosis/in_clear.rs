//! Keys would travel in clear (class 10).

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let clear = Service::ALL.into_iter().filter(|service| {
        let is_tls = facts.deployment.endpoint(*service).is_tls;
        !is_tls && facts.connected(*service).is_some_and(|c| !c.is_loopback)
    });
    clear
        .map(|service| {
            let endpoint = facts.deployment.endpoint(service);
            let sentence = format!("`{endpoint}` is plain HTTP to another machine: every key sent there can be read on the way, so this run did not send yours");
            let fix = format!("end TLS in front of {service} and use `https://{}`", endpoint.host);
            Cause::new("plain-http", 15, sentence, fix)
        })
        .collect()
}
