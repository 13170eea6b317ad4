//! Nothing accepts connections where the name points (classes 3 and 5).

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::observation::Fault;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    Service::ALL
        .into_iter()
        .filter_map(|service| cause(facts, service))
        .collect()
}

fn cause(facts: &Facts<'_>, service: Service) -> Option<Cause> {
    let endpoint = facts.deployment.endpoint(service);
    let seen = facts.detail(service, "connect").map(str::to_owned);
    let cause = match facts.fault(service, "connect")? {
        Fault::Refused(address) => Cause::new(
            "nothing-listens",
            12,
            format!(
                "{service} is down, or the port is wrong: `{address}` refuses connections to `{endpoint}`"
            ),
            format!(
                "start {service} (or its front door) at `{address}`, or correct the port in the URL or the DNS record"
            ),
        ),
        Fault::ConnectTimeout(address) | Fault::Unreachable(address, _) => Cause::new(
            "unreachable",
            12,
            format!(
                "packets to `{address}` ({service}) get no answer: a firewall, a security group or a wrong address drops them"
            ),
            format!(
                "open port {} to this machine, and check that `{}` points to the right address",
                endpoint.port, endpoint.host
            ),
        ),
        _ => return None,
    };
    Some(cause.with(seen))
}
