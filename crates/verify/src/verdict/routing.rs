//! Which host reaches what.

use super::{Judgement, State, words};
use crate::endpoint::Service;
use crate::observation::{Answer, Outcome};

/// Whether a service dealt with a request, and did not turn it away as none of its own.
fn was_served(answer: &Answer) -> bool {
    answer.is_success() || (answer.is_from_service() && !is_turned_away(answer))
}

fn is_turned_away(answer: &Answer) -> bool {
    matches!(answer.status, 400 | 404 | 405 | 421)
}

pub(super) fn isolated(service: Service, outcome: &Outcome) -> Judgement {
    let other = service.other();
    match outcome {
        Outcome::Answered(answer) if answer.answered_by.as_deref() == Some(other.name()) => (
            State::Failed,
            format!(
                "{other} answers on the host of {service}: {}",
                words::answer(answer)
            ),
        ),
        Outcome::Answered(answer) if was_served(answer) || answer.status >= 500 => {
            (State::Failed, words::answer(answer))
        }
        Outcome::Answered(answer) => (State::Passed, format!("refused with {}", answer.status)),
        other => (
            State::Failed,
            format!(
                "{}: something took what should be refused at once",
                words::outcome(other)
            ),
        ),
    }
}

pub(super) fn same_service(service: Service, outcome: &Outcome) -> Judgement {
    match outcome {
        Outcome::Answered(answer) if answer.is_success() => {
            if answer.answered_by.as_deref() == Some(service.name()) {
                (State::Passed, format!("answered by {service}"))
            } else {
                (State::Failed, words::answer(answer))
            }
        }
        Outcome::Answered(answer)
            if answer.status < 500
                && answer.answered_by.as_deref() != Some(service.other().name()) =>
        {
            (State::Passed, format!("refused with {}", answer.status))
        }
        other => (State::Failed, words::outcome(other)),
    }
}

pub(super) fn not_served(outcome: &Outcome) -> Judgement {
    match outcome {
        Outcome::Answered(answer) if was_served(answer) => (
            State::Failed,
            format!(
                "served under a host that does not exist: {}",
                words::answer(answer)
            ),
        ),
        Outcome::Answered(answer) if answer.status < 500 => {
            (State::Passed, format!("refused with {}", answer.status))
        }
        other => (State::Failed, words::outcome(other)),
    }
}

pub(super) fn recorded(outcome: &Outcome) -> Judgement {
    (State::Noted, words::outcome(outcome))
}
