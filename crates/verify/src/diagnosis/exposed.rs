//! The registry serves without a key (class 10), or a key that may only read writes.

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::observation::{Answer, StepFault};

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let mut causes = Vec::new();
    let served = |id| {
        facts
            .answer(Service::Registry, id)
            .filter(|answer| answer.is_success())
    };
    if let Some(answer) = served("key-missing") {
        let sentence = format!(
            "the registry is open to everybody: a request without any key was served with {}",
            answer.status
        );
        let fix = "start the registry without `--no-auth`, and let nothing in front of it add a key of its own";
        causes.push(Cause::new("open-without-key", 16, sentence, fix));
    } else if let Some(answer) = served("key-unknown") {
        let sentence = format!(
            "the registry accepts keys that were never minted: a canary was served with {}",
            answer.status
        );
        let fix = "something in front replaces the key that clients send: remove what sets `Authorization` or `X-API-Key` there";
        causes.push(Cause::new("any-key-accepted", 16, sentence, fix));
    }
    if let Some(answer) = reader_wrote(facts) {
        let sentence = format!(
            "a key that may only read created a model ({})",
            answer.status
        );
        let fix = "check the scopes of the key with `hokusai keys show`; something in front may replace the key";
        causes.push(Cause::new("reader-writes", 17, sentence, fix));
    }
    causes
}

fn reader_wrote<'a>(facts: &Facts<'a>) -> Option<&'a Answer> {
    facts
        .steps("key-reader")
        .iter()
        .find_map(|step| match &step.result {
            Err(StepFault::Answered(answer)) if step.name == "write" && answer.is_success() => {
                Some(answer.as_ref())
            }
            _ => None,
        })
}
