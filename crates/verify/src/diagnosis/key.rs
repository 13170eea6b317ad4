//! It is the key (class 14), and which of the reasons.

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;
use crate::observation::{Answer, KeyForm, Outcome};

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    if let Some(Outcome::Key(KeyForm::Malformed | KeyForm::Wrapped)) =
        facts.outcome(Service::Auth, "key-form")
    {
        let sentence = "what was given as key has not the form of a key: it was cut off, wrapped in quotes, or is something else".to_owned();
        let fix = "copy the key again, without quotes and white space; `hokusai keys create --name NAME` makes one";
        let seen = facts.detail(Service::Auth, "key-form").map(str::to_owned);
        return vec![Cause::new("key-malformed", 40, sentence, fix).with(seen)];
    }
    let refused = [
        (Service::Auth, "key-valid"),
        (Service::Registry, "key-as-bearer"),
    ]
    .into_iter()
    .filter(|(service, id)| facts.failed(*service, id))
    .find_map(|(service, id)| facts.answer(service, id));
    let Some(answer) = refused else {
        return registration(facts);
    };
    of_code(answer).map_or_else(|| registration(facts), |cause| vec![cause])
}

fn of_code(answer: &Answer) -> Option<Cause> {
    let (code, sentence, fix) = match answer.code()?.as_str() {
        "unknown" => (
            "key-unknown",
            "auth knows no such key: it belongs to another environment or server, or was never minted",
            "check that key and URL belong together; `hokusai keys create --name NAME` makes a new one",
        ),
        "checksum" => (
            "key-mistyped",
            "the key's checksum is wrong: it was mistyped or cut off",
            "copy the key again",
        ),
        "malformed" => (
            "key-malformed",
            "what was given as key has not the form of a key",
            "copy the key again, without quotes and white space",
        ),
        "revoked" => (
            "key-revoked",
            "the key was revoked",
            "use its successor, or make another with `hokusai keys create`",
        ),
        "expired" => (
            "key-expired",
            "the key has expired",
            "make another with `hokusai keys create`, or rotate keys before they end with `hokusai keys rotate`",
        ),
        "ip" => (
            "key-wrong-address",
            "the key may not be used from this address: it is not in its allowlist, or the proxies hide the client's address",
            "add this address to the key's allowlist; if a balancer's address is what auth sees, name it with `--trusted-proxy` there",
        ),
        "scope" => (
            "key-scope",
            "the key is good and its scopes do not allow this",
            "make a key with the scope that the message names",
        ),
        "rate" => (
            "key-rate",
            "the key's rate limit is spent",
            "wait, or give the key a higher limit",
        ),
        _ => return None,
    };
    Some(
        Cause::new(code, 40, sentence.to_owned(), fix)
            .with([format!("it says `{}`", answer.says())]),
    )
}

/// A key that reads and may not write is only seen by the registration.
fn registration(facts: &Facts<'_>) -> Vec<Cause> {
    use crate::observation::StepFault;
    match facts.failed_step() {
        Some((_, StepFault::Answered(answer))) => of_code(answer).into_iter().collect(),
        _ => Vec::new(),
    }
}
