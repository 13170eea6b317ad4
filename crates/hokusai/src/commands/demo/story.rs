//! What the demo does, and what it expects to see.

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Check;
use super::client::{Client, message, text};
use super::model::{self, FittedModel};

/// Plays the story against running services. An error means that it could not be told to its end.
pub(super) async fn tell<'u>(
    urls: impl Iterator<Item = (&'static str, &'u str)>,
    key: &str,
) -> anyhow::Result<Vec<Check>> {
    let urls: std::collections::HashMap<_, _> = urls.collect();
    let url = |name: &str| {
        urls.get(name)
            .copied()
            .ok_or_else(|| anyhow::anyhow!("the {name} service does not run"))
    };
    let (auth, registry) = (
        Client::new(url("auth")?, key)?,
        Client::new(url("registry")?, key)?,
    );
    let key = mint(
        &auth,
        "demo",
        &["model:read", "model:write", "mlflow:access"],
    )
    .await?;
    let mut checks = vec![
        key_format(&key.raw),
        health(&auth).await?,
        validation(&auth, &key.raw).await?,
    ];
    checks.push(registration(&registry.with_key(&key.raw)).await);
    checks.extend(refusals(&auth, &registry).await?);
    Ok(checks)
}

struct Minted {
    id: String,
    raw: String,
}

async fn mint(auth: &Client, name: &str, scopes: &[&str]) -> anyhow::Result<Minted> {
    let answer = auth
        .call(
            Method::POST,
            "/api/v1/keys",
            Some(json!({"name": name, "scopes": scopes})),
        )
        .await?;
    Ok(Minted {
        id: text(&answer, "/key_id")?,
        raw: text(&answer, "/api_key")?,
    })
}

fn key_format(key: &str) -> Check {
    let passed = hokusai_core::key::ApiKey::parse(key).is_ok_and(|key| key.has_good_checksum());
    let shown: String = key.chars().take(12).collect();
    Check {
        name: "API key format",
        passed,
        detail: format!("{shown}…, {} characters, checksum right", key.len()),
    }
}

async fn health(auth: &Client) -> anyhow::Result<Check> {
    let (status, body) = auth.ask(Method::GET, "/health", None).await?;
    let is_auth = body.get("service").and_then(Value::as_str) == Some("auth");
    Ok(Check {
        name: "Auth service health",
        passed: status.is_success() && is_auth,
        detail: format!("{status}, and it is the auth service that answered"),
    })
}

async fn validation(auth: &Client, key: &str) -> anyhow::Result<Check> {
    let (status, body) = auth
        .with_key(key)
        .ask(Method::POST, "/api/v1/keys/validate", None)
        .await?;
    let is_valid = body.get("is_valid").and_then(Value::as_bool) == Some(true);
    Ok(Check {
        name: "API key validation",
        passed: is_valid,
        detail: format!("{status}, is_valid: {is_valid}"),
    })
}

pub(super) async fn registration(registry: &Client) -> Check {
    let name = "MLflow registration";
    match register(registry).await {
        Ok(detail) => Check {
            name,
            passed: true,
            detail,
        },
        Err(error) => Check {
            name,
            passed: false,
            detail: format!("{error:#}"),
        },
    }
}

/// Registers a model as the MLflow client does, downloads it back through its alias and compares.
async fn register(registry: &Client) -> anyhow::Result<String> {
    let FittedModel { files, r2 } = model::fit();
    let mlflow = |path: &str| format!("/api/2.0/mlflow/{path}");
    let experiment = registry
        .call(
            Method::POST,
            &mlflow("experiments/create"),
            Some(json!({"name": "tea"})),
        )
        .await?;
    let experiment = text(&experiment, "/experiment_id")?;
    let run = registry
        .call(
            Method::POST,
            &mlflow("runs/create"),
            Some(json!({"experiment_id": experiment})),
        )
        .await?;
    let (run_id, uri) = (
        text(&run, "/run/info/run_id")?,
        text(&run, "/run/info/artifact_uri")?,
    );
    let point = json!({"run_id": run_id, "key": "r2", "value": r2, "timestamp": 1});
    registry
        .call(Method::POST, &mlflow("runs/log-metric"), Some(point))
        .await?;
    let below_root = uri
        .trim_start_matches("mlflow-artifacts:")
        .trim_start_matches('/');
    let artifact =
        |file: &str| format!("/api/2.0/mlflow-artifacts/artifacts/{below_root}/model/{file}");
    for (file, bytes) in &files {
        registry.upload(&artifact(file), bytes.clone()).await?;
    }
    registry
        .call(
            Method::POST,
            &mlflow("registered-models/create"),
            Some(json!({"name": "tea"})),
        )
        .await?;
    let mut versions = Vec::new();
    for _ in 0..2 {
        let source = json!({"name": "tea", "source": format!("{uri}/model"), "run_id": run_id});
        let made = registry
            .call(Method::POST, &mlflow("model-versions/create"), Some(source))
            .await?;
        versions.push(text(&made, "/model_version/version")?);
        let alias = json!({"name": "tea", "alias": "champion", "version": versions.last()});
        registry
            .call(
                Method::POST,
                &mlflow("registered-models/alias"),
                Some(alias),
            )
            .await?;
    }
    let champion = registry
        .call(
            Method::GET,
            &mlflow("registered-models/alias?name=tea&alias=champion"),
            None,
        )
        .await?;
    let champion = text(&champion, "/model_version/version")?;
    anyhow::ensure!(
        Some(&champion) == versions.last(),
        "the alias points to version {champion}, not where it was moved"
    );
    for (file, bytes) in &files {
        let got = registry.download(&artifact(file)).await?;
        anyhow::ensure!(
            Sha256::digest(&got) == Sha256::digest(bytes),
            "`{file}` came back changed"
        );
    }
    Ok(format!(
        "model `tea`, R² {r2:.3}; alias `champion` moved to version {champion}; files came back byte for byte"
    ))
}

/// Wrong, revoked and read-only keys, each refused for its own reason.
async fn refusals(auth: &Client, registry: &Client) -> anyhow::Result<Vec<Check>> {
    let read_only = mint(auth, "demo reader", &["model:read"]).await?;
    let revoked = mint(auth, "demo leaver", &["model:read"]).await?;
    let mistyped = format!(
        "{}{}",
        read_only
            .raw
            .get(..read_only.raw.len() - 1)
            .unwrap_or_default(),
        "!"
    );
    auth.call(
        Method::DELETE,
        &format!("/api/v1/keys/{}", revoked.id),
        None,
    )
    .await?;
    let search = "/api/2.0/mlflow/registered-models/search?max_results=1";
    let create = "/api/2.0/mlflow/registered-models/create";
    let reads = registry
        .with_key(&read_only.raw)
        .ask(Method::GET, search, None)
        .await?
        .0
        .is_success();
    let cases = [
        (
            "Bearer: wrong key",
            mistyped.as_str(),
            Method::GET,
            search,
            "malformed",
        ),
        (
            "Bearer: revoked key",
            revoked.raw.as_str(),
            Method::GET,
            search,
            "revoked",
        ),
        (
            "Bearer: read-only key",
            read_only.raw.as_str(),
            Method::POST,
            create,
            "scope",
        ),
    ];
    let mut refused = Vec::new();
    for (name, key, method, path, code) in cases {
        let body = (method == Method::POST).then(|| json!({"name": "tea again"}));
        let (status, answer) = registry.with_key(key).ask(method, path, body).await?;
        let seen = answer
            .get("code")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let passed = status.is_client_error() && seen == code;
        let said: String = message(&answer).chars().take(72).collect();
        refused.push(Check {
            name,
            passed,
            detail: format!("{}, {seen}: {said}…", status.as_u16()),
        });
    }
    let passed = reads && refused.iter().all(|check| check.passed);
    let detail = "good keys pass; wrong, revoked and read-only keys are refused with their reasons"
        .to_owned();
    let mut checks = vec![Check {
        name: "Bearer token auth",
        passed,
        detail,
    }];
    checks.extend(refused);
    Ok(checks)
}
