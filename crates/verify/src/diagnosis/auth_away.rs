//! The registry does not get its questions about keys answered (classes 7, 11 and 15).

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::observation::Answer;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let is_away = |answer: &Answer| {
        answer.code().as_deref() == Some("store-down")
            && answer.answered_by.as_deref() == Some(Service::Registry.name())
    };
    if !facts.api(Service::Registry).is_some_and(is_away) {
        return Vec::new();
    }
    let is_auth_fine = facts.passed(Service::Auth, "key-unknown");
    let sentence = if is_auth_fine {
        "auth answers from here and the registry gets no verdict from it: the registry's own way to auth is wrong (its `--auth-url`, DNS or firewall there, or its own key without the scope `keys:validate`)".to_owned()
    } else {
        "the registry cannot have keys judged, because auth does not answer: every request to the registry is refused with 503".to_owned()
    };
    let fix = if is_auth_fine {
        "on the registry's machine: `hokusai verify --auth URL` with the URL of `--auth-url`, and `hokusai keys validate` with its `--auth-key-file`; the registry's log says what came in place of a verdict"
    } else {
        "repair auth first; the registry recovers by itself within a second"
    };
    let seen = ["key-unknown", "health"]
        .into_iter()
        .filter(|id| facts.failed(Service::Registry, id))
        .filter_map(|id| facts.detail(Service::Registry, id).map(str::to_owned));
    // When auth itself is broken, its own cause stands before this one.
    vec![Cause::new("auth-away", 32, sentence, fix).with(seen)]
}
