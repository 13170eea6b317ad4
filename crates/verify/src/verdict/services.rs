//! Who answers, and whether it is ready.

use super::{Judgement, State, words};
use crate::endpoint::Service;
use crate::foreign;
use crate::observation::{Answer, Outcome};

/// Whether an answer is the service's own: the body of `/health` and the header say so.
pub(crate) fn is_identified(service: Service, answer: &Answer) -> bool {
    answer.answered_by.as_deref() == Some(service.name())
        && answer.text("service").as_deref() == Some(service.name())
}

pub(super) fn identity(service: Service, outcome: &Outcome) -> Judgement {
    let Outcome::Answered(answer) = outcome else {
        return (State::Failed, words::outcome(outcome));
    };
    if !answer.is_success() {
        return (State::Failed, words::answer(answer));
    }
    if !is_identified(service, answer) {
        let sentence = format!(
            "{} is no proof: the answer does not say that it comes from {service} ({})",
            answer.status,
            words::answer(answer)
        );
        return (State::Failed, sentence);
    }
    let status = answer.text("status").unwrap_or_default();
    if status == "degraded" {
        let why = answer.text("because").map(|why| foreign::clean(&why));
        let because = why.map_or_else(String::new, |why| format!(": `{why}`"));
        let sentence = format!("{service} says that it is degraded{because}");
        return (State::Failed, sentence);
    }
    let version = answer.versions.first().map(|v| foreign::clean(v));
    (
        State::Passed,
        format!(
            "{}, and it is {service} {} that answered",
            answer.status,
            version.unwrap_or_default()
        ),
    )
}

pub(super) fn ready(service: Service, outcome: &Outcome) -> Judgement {
    let Outcome::Answered(answer) = outcome else {
        return (State::Failed, words::outcome(outcome));
    };
    let json = answer.json();
    let is_ready = json.get("ready").and_then(serde_json::Value::as_bool) == Some(true);
    if is_ready && answer.is_success() && is_identified(service, answer) {
        (State::Passed, format!("{service} reaches its database"))
    } else {
        (State::Failed, words::answer(answer))
    }
}

pub(super) fn version(service: Service, outcome: &Outcome) -> Judgement {
    let Outcome::Answered(answer) = outcome else {
        return (State::Failed, words::outcome(outcome));
    };
    let is_own = answer.answered_by.as_deref() == Some(service.name());
    if answer.is_success() && is_own {
        let bare = answer.body.to_string();
        let version = answer.text("version").map_or(bare, |v| foreign::clean(&v));
        (State::Passed, format!("`{version}`"))
    } else {
        (State::Failed, words::answer(answer))
    }
}
