//! The connection stands and what comes is no answer of HTTP.

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::observation::Fault;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let broken = Service::ALL.into_iter().filter_map(|service| {
        let endpoint = facts.deployment.endpoint(service);
        let Some(Fault::Broken(why)) = facts.fault(service, "health") else {
            return None;
        };
        let sentence = format!("`{endpoint}` accepts connections and breaks them off: it speaks something other than HTTP, or dies on requests (`{why}`)");
        let fix = if endpoint.is_tls {
            format!("see the log of what ends TLS for {service}")
        } else {
            format!("try `https://{}`: a TLS port breaks plain requests off; otherwise see the log of {service}", endpoint.authority())
        };
        Some(Cause::new("broken-answers", 29, sentence, fix))
    });
    broken.collect()
}
