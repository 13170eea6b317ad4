//! Nothing takes the request: a front door's 404, or a redirect (classes 1 and 4).

use super::{Cause, routes};
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::observation::Answer;
use crate::plan::{SEARCH, VALIDATE};

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let all = Service::ALL.into_iter();
    all.filter_map(|service| unmatched(facts, service).or_else(|| redirected(facts, service)))
        .collect()
}

/// The API first: it is what clients need.
fn answer<'a>(
    facts: &Facts<'a>,
    service: Service,
    is: impl Fn(&Answer) -> bool,
) -> Option<(&'static str, &'a Answer)> {
    let api = match service {
        Service::Auth => VALIDATE,
        Service::Registry => SEARCH,
    };
    let seen = [
        (api, facts.api(service)),
        ("/health", facts.answer(service, "health")),
    ];
    seen.into_iter().find_map(|(path, answer)| {
        let answer = answer.filter(|answer| !answer.is_from_service() && is(answer))?;
        Some((path, answer))
    })
}

fn unmatched(facts: &Facts<'_>, service: Service) -> Option<Cause> {
    let (path, answer) = answer(facts, service, |answer| matches!(answer.status, 404 | 421))?;
    let host = &facts.deployment.endpoint(service).host;
    let bare = path.split('?').next().unwrap_or_default();
    let who = answer.answered_by.as_deref().unwrap_or("a proxy");
    let by_rules = routes::decide(facts, service, "GET", path)
        .filter(|decision| decision.is_default)
        .map(|decision| {
            format!(
                "the rules agree: {} takes it, with {}",
                decision.decider, decision.target
            )
        });
    let sentence = format!(
        "no rule takes `{host}{bare}`: `{}` answers {} itself and {service} never sees the request",
        crate::foreign::clean(who),
        answer.status
    );
    let fix = routes::repair(facts, service).map_or_else(
        || format!("add a rule that forwards host `{host}` to the target group of {service}"),
        |(_, fix)| format!("{fix} (proven to remove the finding)"),
    );
    Some(
        Cause::new("no-rule", 24, sentence, fix)
            .with(by_rules)
            .with([format!("it says `{}`", answer.says())]),
    )
}

fn redirected(facts: &Facts<'_>, service: Service) -> Option<Cause> {
    let (path, answer) = answer(facts, service, Answer::is_redirect)?;
    let host = &facts.deployment.endpoint(service).host;
    let bare = path.split('?').next().unwrap_or_default();
    let to = answer.header("location").cloned().unwrap_or_default();
    let sentence = format!(
        "`{host}{bare}` is redirected to `{to}` ({}): clients drop the key or turn a POST into a GET, or go round in circles",
        answer.status
    );
    let fix = format!("forward `{host}` to {service}; a redirect has no place on an API");
    Some(Cause::new("redirected", 25, sentence, fix))
}
