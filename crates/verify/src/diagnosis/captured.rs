//! A rule takes a service's requests elsewhere: the incident (class 1).

use super::{Cause, routes};
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::plan::{SEARCH, VALIDATE};
use crate::verdict::words;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let all = Service::ALL.into_iter();
    all.filter_map(|service| by_rules(facts, service).or_else(|| by_answers(facts, service)))
        .collect()
}

/// The rules say so, and the deployment behaves accordingly.
fn by_rules(facts: &Facts<'_>, service: Service) -> Option<Cause> {
    let (method, path, probe) = requests(service)
        .into_iter()
        .find(|(method, path, probe)| {
            facts.failed(service, probe)
                && routes::decide(facts, service, method, path).is_some_and(|d| d.goes_astray())
        })?;
    let decision = routes::decide(facts, service, method, path)?;
    let host = &facts.deployment.endpoint(service).host;
    let bare = path.split('?').next().unwrap_or_default();
    let named = if decision.is_host_named {
        String::new()
    } else {
        format!("; no rule names `{host}`")
    };
    let sentence = format!(
        "{}: {} sends `{method} {host}{bare}` to {}{named}",
        contrast(facts, service, probe),
        decision.decider,
        decision.target
    );
    let repair = routes::repair(facts, service);
    let fix = repair.as_ref().map_or_else(
        || {
            format!(
                "put a rule for host `{host}` that forwards to `{}` before it",
                decision.meant.join("` or `")
            )
        },
        |(_, fix)| format!("{fix} (proven to remove the finding)"),
    );
    let seen = facts
        .detail(service, probe)
        .map(|seen| format!("`{method} {host}{bare}`: {seen}"));
    let cause = Cause::new("routing-captured", 22, sentence, fix)
        .with(seen)
        .with(
            facts
                .detail(service, "health")
                .map(|seen| format!("`GET {host}/health`: {seen}")),
        )
        .with(decision.passed_over)
        .with(repair.map(|(finding, _)| finding));
    Some(cause)
}

/// Without rules: the other service answers, or the API is silent where it answers directly.
fn by_answers(facts: &Facts<'_>, service: Service) -> Option<Cause> {
    let host = &facts.deployment.endpoint(service).host;
    let other = service.other();
    let is_other = |id: &str| {
        facts
            .answer(service, id)
            .is_some_and(|a| a.answered_by.as_deref() == Some(other.name()))
    };
    let fix = format!(
        "put a rule for host `{host}` before the one that takes its requests; `--rules FILE` names it, `hokusai routes check` proves the repair"
    );
    if is_other("key-unknown") || (is_other("health") && !facts.passed(service, "key-unknown")) {
        let sentence = format!(
            "requests to `{host}` reach {other}: a rule without that host, or a wrong target group, takes them"
        );
        let seen = facts.detail(service, "key-unknown").map(str::to_owned);
        // Both ways round is another cause's.
        let is_swapped = facts
            .answer(other, "health")
            .is_some_and(|a| a.answered_by.as_deref() == Some(service.name()));
        return (!is_swapped).then(|| Cause::new("routing-captured", 22, sentence, fix).with(seen));
    }
    let direct = facts.answers_directly(service, "api")?;
    let is_silent = facts.fault(service, "key-unknown").is_some()
        || facts.api(service).is_some_and(|a| a.status == 504);
    if !is_silent || !facts.passed(service, "health") {
        return None;
    }
    let sentence = format!(
        "{service} answers its API in {} ms when asked directly and never through the front door, which passes `/health` on: some rule sends `{host}`'s API elsewhere",
        direct.median_ms()
    );
    Some(Cause::new("routing-captured", 22, sentence, fix))
}

/// What the two ways of asking say, beside each other.
fn contrast(facts: &Facts<'_>, service: Service, probe: &str) -> String {
    let through = match (facts.fault(service, probe), facts.answer(service, probe)) {
        (Some(_), _) => "never through the front door".to_owned(),
        (None, Some(answer)) if answer.status == 504 => "never through the front door".to_owned(),
        (None, Some(answer)) => {
            let who = answer.answered_by.as_deref().unwrap_or("somebody unnamed");
            format!(
                "not through the front door, where `{}` answers {}",
                crate::foreign::clean(who),
                answer.status
            )
        }
        (None, None) => "not through the front door".to_owned(),
    };
    match facts.answers_directly(service, "health") {
        Some(direct) => format!(
            "{service} answers in {} when asked directly and {through}",
            words::seconds(direct.median_ms())
        ),
        None => format!("{service} answers {through}"),
    }
}

fn requests(service: Service) -> [(&'static str, &'static str, &'static str); 2] {
    match service {
        Service::Auth => [
            ("POST", VALIDATE, "key-unknown"),
            ("GET", "/health", "health"),
        ],
        Service::Registry => [("GET", SEARCH, "key-unknown"), ("GET", "/health", "health")],
    }
}
