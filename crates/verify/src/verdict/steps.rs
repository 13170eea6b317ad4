//! The registration, and the reader's try to write.

use super::{Judgement, State, words};
use crate::observation::{Outcome, Step, StepFault};

pub(super) fn registers(outcome: &Outcome) -> Judgement {
    let Outcome::Steps(steps) = outcome else {
        return (State::Failed, words::outcome(outcome));
    };
    for step in steps {
        if let Err(fault) = &step.result {
            let sentence = format!("step `{}`: {}", step.name, words::step_fault(fault));
            return (State::Failed, sentence);
        }
    }
    let names: Vec<String> = steps
        .iter()
        .map(|step| format!("{} {} ms", step.name, step.took_ms))
        .collect();
    (State::Passed, names.join(", "))
}

pub(super) fn reader_refused(outcome: &Outcome) -> Judgement {
    let Outcome::Steps(steps) = outcome else {
        return (State::Failed, words::outcome(outcome));
    };
    for step in steps {
        if let Some(sentence) = wrong(step) {
            return (State::Failed, sentence);
        }
    }
    (
        State::Passed,
        "its write is refused, reason `scope`".to_owned(),
    )
}

fn wrong(step: &Step) -> Option<String> {
    match &step.result {
        Err(StepFault::Answered(answer)) if step.name == "write" => {
            if answer.status == 403 && answer.code().as_deref() == Some("scope") {
                return None;
            }
            Some(format!(
                "a key that may only read wrote or failed otherwise: {}",
                words::answer(answer)
            ))
        }
        Err(fault) => Some(format!(
            "step `{}`: {}",
            step.name,
            words::step_fault(fault)
        )),
        Ok(_) => None,
    }
}
