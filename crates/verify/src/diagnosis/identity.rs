//! `/health` is green, and it is not the service that says so (class 2).

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::verdict::is_identified;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let all = Service::ALL.into_iter();
    all.filter_map(|service| cause(facts, service)).collect()
}

fn cause(facts: &Facts<'_>, service: Service) -> Option<Cause> {
    let health = facts.answer(service, "health")?;
    if !health.is_success() || is_identified(service, health) {
        return None;
    }
    if health.answered_by.as_deref() == Some(service.other().name()) {
        // Another cause's: the wrong service.
        return None;
    }
    let host = &facts.deployment.endpoint(service).host;
    if health.answered_by.is_none() && health.text("service").as_deref() == Some(service.name()) {
        let sentence = format!(
            "something between here and {service} removes the header `X-Hokusai-Answered-By`, so nobody can tell who answers"
        );
        let fix = "let the proxy pass response headers on unchanged";
        return Some(Cause::new("identity-removed", 19, sentence, fix));
    }
    let sentence = format!(
        "the health check of {service} is green without {service}: `{host}/health` is answered with {} by something that is not {service}",
        health.status
    );
    let fix = format!(
        "let `/health` of `{host}` reach {service}; a fixed answer of a balancer proves nothing, check for `\"service\":\"{service}\"` in the body"
    );
    let seen = format!("the answer says `{}`", health.says());
    Some(Cause::new("health-not-the-service", 19, sentence, fix).with([seen]))
}
