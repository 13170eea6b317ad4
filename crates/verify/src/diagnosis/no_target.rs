//! The front door is there and has nobody to send the request to (class 6).

use super::{Cause, routes};
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::observation::{Fault, Outcome};

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let all = Service::ALL.into_iter();
    all.filter_map(|service| cause(facts, service)).collect()
}

fn cause(facts: &Facts<'_>, service: Service) -> Option<Cause> {
    let answers = [facts.api(service), facts.answer(service, "health")];
    let answer = answers
        .into_iter()
        .flatten()
        .find(|answer| matches!(answer.status, 502 | 503) && !answer.is_from_service())?;
    let who = answer.answered_by.as_deref().unwrap_or("a proxy");
    let host = &facts.deployment.endpoint(service).host;
    let refused: Vec<String> = facts
        .direct(service, "health")
        .into_iter()
        .filter_map(|(at, outcome)| match outcome {
            Outcome::Failed(Fault::Refused(_)) => Some(format!("`{at}`")),
            _ => None,
        })
        .collect();
    let group = routes::decide(facts, service, "GET", "/health")
        .map_or_else(|| "its target group".to_owned(), |decision| decision.target);
    let said = format!("`{}` says `{}`", crate::foreign::clean(who), answer.says());
    if !refused.is_empty() {
        let sentence = format!(
            "the front door has no working target for {service}: nothing listens at {}, to which {group} sends `{host}`",
            refused.join(", ")
        );
        let fix = format!("correct the port of the targets, or start {service} there");
        return Some(Cause::new("wrong-upstream", 26, sentence, fix).with([said]));
    }
    let sentence = format!(
        "the front door has no working target for {service}: `{host}` is answered with {} by `{}`, so {service} is down or its targets have the wrong port",
        answer.status,
        crate::foreign::clean(who)
    );
    let fix = format!("start {service}, or correct address, port and health check of {group}");
    Some(Cause::new("wrong-upstream", 26, sentence, fix).with([said]))
}
