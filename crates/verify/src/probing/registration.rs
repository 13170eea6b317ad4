//! A whole model registration, as a client does it, and its clean-up.

use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::body::{self, Artifact};
use super::keyed::{Keyed, Unsent};
use super::{Prober, http};
use crate::endpoint::Service;
use crate::observation::{Answer, Fault, NotRun, Outcome, Step, StepFault};
use crate::probe::{Ask, Credential, Entry, Place};

/// Runs all steps; after a failure only the clean-up of what is there already.
pub(super) async fn run(prober: &Prober) -> Outcome {
    let Some(key) = &prober.keys.real else {
        return Outcome::NotRun(NotRun::NoKey);
    };
    let keyed = match Keyed::open(prober, Service::Registry).await {
        Ok(keyed) => keyed,
        Err(unsent) => return unsent.into(),
    };
    let mut registration = Registration {
        prober,
        keyed,
        key: key.reveal(),
        name: format!("hokusai-verify-{}", prober.keys.run_id),
        made: Made::default(),
        steps: Vec::new(),
    };
    registration.forward().await;
    registration.clean_up().await;
    Outcome::Steps(registration.steps)
}

struct Registration<'p> {
    prober: &'p Prober,
    keyed: Keyed<'p>,
    key: &'p str,
    name: String,
    made: Made,
    steps: Vec<Step>,
}

/// What is to be cleaned up.
#[derive(Default)]
struct Made {
    run: Option<String>,
    artifact: Option<String>,
    model: bool,
}

impl Registration<'_> {
    /// Stops at the first step that fails.
    async fn forward(&mut self) -> Option<()> {
        let started = self.now();
        let made = self
            .post("runs/create", json!({"experiment_id": DEFAULT_EXPERIMENT, "run_name": self.name, "tags": [{"key": "mlflow.runName", "value": self.name}]}))
            .await
            .and_then(|answer| {
                let id = text(&answer, "/run/info/run_id")?;
                let uri = text(&answer, "/run/info/artifact_uri")?;
                Ok((id, uri))
            });
        let (run, uri) = self.step("run", started, made, |(run, _)| {
            format!("run `{}`", crate::foreign::clean(run))
        })?;
        self.made.run = Some(run.clone());
        let below_root = uri
            .trim_start_matches("mlflow-artifacts:")
            .trim_start_matches('/');
        let artifact =
            format!("/api/2.0/mlflow-artifacts/artifacts/{below_root}/model/weights.bin");

        let started = self.now();
        let bytes = self.prober.deployment.options.artifact_bytes;
        let sent = self.upload(&artifact).await;
        self.step("upload", started, sent, |()| format!("{bytes} bytes"))?;
        self.made.artifact = Some(artifact.clone());

        let started = self.now();
        let made = self
            .post("registered-models/create", json!({"name": self.name}))
            .await;
        self.made.model = made.is_ok();
        self.step("model", started, made, |_| "created".to_owned())?;

        let started = self.now();
        let source = json!({"name": self.name, "source": format!("{uri}/model"), "run_id": run});
        let made = self
            .post("model-versions/create", source)
            .await
            .and_then(|answer| text(&answer, "/model_version/version"));
        let version = self.step("version", started, made, |version| {
            format!("version `{}`", crate::foreign::clean(version))
        })?;

        let started = self.now();
        let moved = self.alias(&version).await;
        self.step("alias", started, moved, |()| {
            "set, and read back".to_owned()
        })?;

        let started = self.now();
        let same = self.download(&artifact).await;
        self.step("download", started, same, |()| {
            "the SHA-256 is the one that was sent".to_owned()
        })
    }

    /// Undoes what was made, in the reverse order; each failure is a failed step.
    async fn clean_up(&mut self) {
        let started = self.now();
        let mut left = Vec::new();
        if self.made.model
            && let Err(fault) = self
                .delete_json("registered-models/delete", json!({"name": self.name}))
                .await
        {
            left.push(fault);
        }
        if let Some(path) = self.made.artifact.take() {
            let deleted = self.ask("DELETE", &path, None).await;
            left.extend(deleted.and_then(success).err());
        }
        if let Some(run) = self.made.run.take() {
            let deleted = self.post("runs/delete", json!({"run_id": run})).await;
            left.extend(deleted.err());
        } else {
            return;
        }
        let result = left.into_iter().next().map_or(Ok(()), Err);
        let _ = self.step("clean-up", started, result, |()| {
            "model, artifact and run deleted".to_owned()
        });
    }

    async fn alias(&mut self, version: &str) -> Result<(), StepFault> {
        let alias = json!({"name": self.name, "alias": ALIAS, "version": version});
        self.post("registered-models/alias", alias).await?;
        let path = format!(
            "{API}registered-models/alias?name={}&alias={ALIAS}",
            self.name
        );
        let answer = success(self.ask("GET", &path, None).await?)?;
        let points_to = text(&answer, "/model_version/version")?;
        if points_to == version {
            Ok(())
        } else {
            let sentence = format!(
                "the alias points to version `{}`",
                crate::foreign::clean(&points_to)
            );
            Err(StepFault::Wrong(sentence))
        }
    }

    /// A proxy that refuses early closes while we still write: the second try hesitates, and hears the reason.
    async fn upload(&mut self, path: &str) -> Result<(), StepFault> {
        let bytes = self.prober.deployment.options.artifact_bytes;
        let run_id = &self.prober.keys.run_id;
        match self.send(path, Artifact::new(run_id, bytes)).await {
            Err(StepFault::Failed(Fault::Broken(_))) => {
                self.send(path, Artifact::hesitant(run_id, bytes)).await
            }
            first => first,
        }
    }

    async fn send(&mut self, path: &str, artifact: Artifact) -> Result<(), StepFault> {
        let (prober, key) = (self.prober, self.key);
        let (line, head) = self
            .keyed
            .cleared_with_key(&ask("PUT", path, None), key)
            .await?;
        let body = artifact.boxed_unsync();
        let whole = async {
            let response = http::send(line, &head, body, false).await?;
            http::read(prober, response).await
        };
        let answer = in_time(prober, whole).await.map_err(StepFault::Failed)?;
        success(answer).map(drop)
    }

    async fn download(&mut self, path: &str) -> Result<(), StepFault> {
        let bytes = self.prober.deployment.options.artifact_bytes;
        let (prober, key) = (self.prober, self.key);
        let (line, head) = self
            .keyed
            .cleared_with_key(&ask("GET", path, None), key)
            .await?;
        let whole = async {
            let empty = http_body_util::Empty::new().boxed_unsync();
            let response = http::send(line, &head, empty, false).await?;
            if !response.status().is_success() {
                return http::read(prober, response).await.map(Err);
            }
            let mut body = response.into_body();
            let mut hash = Sha256::new();
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| http::fault(&error))?;
                if let Ok(data) = frame.into_data() {
                    hash.update(&data);
                }
            }
            Ok(Ok(hash.finalize().to_vec()))
        };
        match in_time(prober, whole).await.map_err(StepFault::Failed)? {
            Err(answer) => success(answer).map(drop),
            Ok(digest) if digest == Artifact::new(&prober.keys.run_id, bytes).digest() => Ok(()),
            Ok(_) => Err(StepFault::Changed),
        }
    }

    async fn post(&mut self, path: &str, body: Value) -> Result<Answer, StepFault> {
        success(
            self.ask("POST", &format!("{API}{path}"), Some(body))
                .await?,
        )
    }

    async fn delete_json(&mut self, path: &str, body: Value) -> Result<Answer, StepFault> {
        success(
            self.ask("DELETE", &format!("{API}{path}"), Some(body))
                .await?,
        )
    }

    async fn ask(
        &mut self,
        method: &'static str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, StepFault> {
        let key = self.key;
        let sent = self
            .keyed
            .ask(&ask(method, path, body), Place::Bearer, key)
            .await;
        sent.map_err(|unsent: Unsent| unsent.into())
    }

    fn step<T>(
        &mut self,
        name: &'static str,
        started_ms: u64,
        result: Result<T, StepFault>,
        describe: impl Fn(&T) -> String,
    ) -> Option<T> {
        let took_ms = self.now().saturating_sub(started_ms);
        let (result, value) = match result {
            Ok(value) => (Ok(describe(&value)), Some(value)),
            Err(fault) => (Err(fault), None),
        };
        self.steps.push(Step {
            name,
            result,
            took_ms,
        });
        value
    }

    fn now(&self) -> u64 {
        self.prober.clock.monotonic_ms()
    }
}

async fn in_time<T>(
    prober: &Prober,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let limit = prober.deadline() + body::transfer_time(prober.deployment.options.artifact_bytes);
    let ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or(Err(Fault::Timeout(ms)))
}

pub(super) fn ask(method: &'static str, path: &str, body: Option<Value>) -> Ask {
    Ask {
        entry: Entry::Front,
        method,
        host: None,
        path: path.to_owned(),
        credential: Credential::Real(Place::Bearer),
        body: body.map(|body| body.to_string()),
        times: 1,
    }
}

pub(super) fn success(answer: Answer) -> Result<Answer, StepFault> {
    if answer.is_success() {
        Ok(answer)
    } else {
        Err(StepFault::Answered(Box::new(answer)))
    }
}

pub(super) fn text(answer: &Answer, pointer: &str) -> Result<String, StepFault> {
    let json = answer.json();
    let found = json.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| {
        StepFault::Wrong(format!(
            "the answer has no `{pointer}`: `{}`",
            answer.says()
        ))
    })
}

pub(super) const API: &str = "/api/2.0/mlflow/";
/// Every MLflow server has it; a run in it can be deleted, an experiment of our own would leave its name behind.
const DEFAULT_EXPERIMENT: &str = "0";
const ALIAS: &str = "verified";
