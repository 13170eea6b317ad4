//! A key that may only read tries to write.

use serde_json::json;

use super::Prober;
use super::keyed::Keyed;
use super::registration::{API, ask, success, text};
use crate::endpoint::Service;
use crate::observation::{Answer, NotRun, Outcome, Step, StepFault};
use crate::probe::Place;

/// Takes the caller's reader, or mints one with the caller's key and revokes it afterwards.
pub(super) async fn run(prober: &Prober) -> Outcome {
    if let Some(reader) = &prober.keys.reader {
        let step = timed(prober, "write", try_to_write(prober, reader.reveal())).await;
        return Outcome::Steps(vec![step]);
    }
    let Some(key) = &prober.keys.real else {
        return Outcome::NotRun(NotRun::NoKey);
    };
    let mut auth = match Keyed::open(prober, Service::Auth).await {
        Ok(auth) => auth,
        Err(unsent) => return unsent.into(),
    };
    let minted = match mint(prober, &mut auth, key.reveal()).await {
        Ok(minted) => minted,
        Err(Minting::NotAllowed) => {
            let why = "the key may not mint a read-only key, and none was given".to_owned();
            return Outcome::NotRun(NotRun::NotApplicable(why));
        }
        Err(Minting::Failed(fault)) => {
            let step = Step {
                name: "mint",
                result: Err(fault),
                took_ms: 0,
            };
            return Outcome::Steps(vec![step]);
        }
    };
    let write = timed(prober, "write", try_to_write(prober, &minted.key)).await;
    let path = format!("/api/v1/keys/{}", minted.id);
    let revoke = async {
        let answer = auth
            .ask(&ask("DELETE", &path, None), Place::Bearer, key.reveal())
            .await?;
        success(answer)
    };
    let revoked = timed(prober, "revoke", revoke).await;
    Outcome::Steps(vec![write, revoked])
}

struct Minted {
    id: String,
    key: String,
}

enum Minting {
    NotAllowed,
    Failed(StepFault),
}

async fn mint(prober: &Prober, auth: &mut Keyed<'_>, key: &str) -> Result<Minted, Minting> {
    let failed = |fault| Minting::Failed(fault);
    let body = json!({
        "name": format!("hokusai-verify-{}", prober.keys.run_id),
        "service_id": "platform",
        "scopes": ["model:read"],
        "expires_in_days": 1,
    });
    let request = ask("POST", "/api/v1/keys", Some(body));
    let answer = auth
        .ask(&request, Place::Bearer, key)
        .await
        .map_err(|unsent| failed(unsent.into()))?;
    if answer.status == 401 || answer.status == 403 {
        return Err(Minting::NotAllowed);
    }
    let answer = success(answer).map_err(failed)?;
    Ok(Minted {
        id: text(&answer, "/key_id").map_err(failed)?,
        key: text(&answer, "/api_key").map_err(failed)?,
    })
}

/// The answer to a write that must not succeed; if it did, what it made is deleted with the same key.
async fn try_to_write(prober: &Prober, reader: &str) -> Result<Answer, StepFault> {
    let mut registry = Keyed::open(prober, Service::Registry).await?;
    let name = json!({"name": format!("hokusai-verify-{}-reader", prober.keys.run_id)});
    let create = format!("{API}registered-models/create");
    let answer = registry
        .ask(
            &ask("POST", &create, Some(name.clone())),
            Place::Bearer,
            reader,
        )
        .await?;
    if answer.is_success() {
        let delete = format!("{API}registered-models/delete");
        let _ = registry
            .ask(&ask("DELETE", &delete, Some(name)), Place::Bearer, reader)
            .await;
    }
    Ok(answer)
}

async fn timed(
    prober: &Prober,
    name: &'static str,
    work: impl Future<Output = Result<Answer, StepFault>>,
) -> Step {
    let started = prober.clock.monotonic_ms();
    let result = work.await;
    Step {
        name,
        result: match result {
            // The write is judged by its refusal, so its answer is kept whole.
            Ok(answer) if name == "write" => Err(StepFault::Answered(Box::new(answer))),
            Ok(answer) => Ok(answer.status.to_string()),
            Err(fault) => Err(fault),
        },
        took_ms: prober.clock.monotonic_ms().saturating_sub(started),
    }
}
