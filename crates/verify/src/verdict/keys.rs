//! Keys, good and bad.

use super::{Judgement, State, words};
use crate::endpoint::Service;
use crate::observation::{Answer, KeyForm, Outcome};

pub(super) fn well_formed(outcome: &Outcome) -> Judgement {
    let Outcome::Key(form) = outcome else {
        return (State::NotRun, words::outcome(outcome));
    };
    match form {
        KeyForm::Good => (
            State::Passed,
            "the published form, checksum right".to_owned(),
        ),
        KeyForm::NoChecksum => (
            State::Passed,
            "the form of a key, without a right checksum: of an older service, or mistyped"
                .to_owned(),
        ),
        KeyForm::Malformed => (
            State::Failed,
            "this is not an API key: keys look like `hk_live_` followed by 32 letters and digits"
                .to_owned(),
        ),
        KeyForm::Wrapped => (
            State::Failed,
            "white space or quotes stand around the key".to_owned(),
        ),
    }
}

pub(super) fn valid(service: Service, outcome: &Outcome) -> Judgement {
    let Outcome::Answered(answer) = outcome else {
        return (State::Failed, words::outcome(outcome));
    };
    if !is_from(service, answer) {
        return (State::Failed, words::answer(answer));
    }
    let json = answer.json();
    if json.get("is_valid").and_then(serde_json::Value::as_bool) == Some(true) {
        return (
            State::Passed,
            format!(
                "{} in {} ms, is_valid: true",
                answer.status,
                answer.median_ms()
            ),
        );
    }
    (State::Failed, refusal(answer))
}

pub(super) fn refused(service: Service, codes: &[&str], outcome: &Outcome) -> Judgement {
    let Outcome::Answered(answer) = outcome else {
        return (State::Failed, words::outcome(outcome));
    };
    let code = answer.code().unwrap_or_default();
    let is_refusal = answer.status >= 400
        || answer
            .json()
            .get("is_valid")
            .and_then(serde_json::Value::as_bool)
            == Some(false);
    if is_from(service, answer) && is_refusal && codes.contains(&code.as_str()) {
        (State::Passed, format!("{}, reason `{code}`", answer.status))
    } else {
        (State::Failed, words::answer(answer))
    }
}

pub(super) fn allowed(service: Service, outcome: &Outcome) -> Judgement {
    match outcome {
        Outcome::Answered(answer) if answer.is_success() && is_from(service, answer) => (
            State::Passed,
            format!("{} in {} ms", answer.status, answer.median_ms()),
        ),
        Outcome::Answered(answer) => (State::Failed, refusal(answer)),
        other => (State::Failed, words::outcome(other)),
    }
}

fn refusal(answer: &Answer) -> String {
    match answer.code() {
        Some(code) => format!(
            "refused, reason `{}`: `{}`",
            crate::foreign::clean(&code),
            answer.says()
        ),
        None => words::answer(answer),
    }
}

fn is_from(service: Service, answer: &Answer) -> bool {
    answer.answered_by.as_deref() == Some(service.name())
}
