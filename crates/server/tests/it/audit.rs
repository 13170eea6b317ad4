//! Security 8: what the registry's audit log records, and what not.

use axum::body::Body;
use axum::http::Request;
use hokusai_store::statement::Schema;
use hokusai_store::{StoreError, audit};
use serde_json::json;

use crate::app::App;

/// What happened and to what, without the entry that numbers would repeat.
async fn recorded(app: &App) -> Vec<(String, String)> {
    let entries: Result<_, StoreError> = app.store.read(|tx| audit::page(tx, 0, 1000)).await;
    let entries = entries.unwrap().into_iter().map(|recorded| {
        assert_eq!(recorded.entry.actor, "no-auth");
        assert_eq!(recorded.entry.at_ms, 1_700_000_000_000);
        (recorded.entry.action, recorded.entry.target)
    });
    entries.collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(action, target)| ((*action).to_owned(), (*target).to_owned()))
        .collect()
}

#[tokio::test]
async fn security_8_models_versions_and_aliases_are_recorded_from_creation_to_deletion() {
    let app = App::new();
    let version = json!({"name": "churn", "source": "s3://bucket/model"});
    let staged = json!({"name": "churn", "version": "2", "stage": "Production", "archive_existing_versions": true});
    let alias = json!({"name": "churn", "alias": "champion", "version": "2"});
    for (method, path, body) in [
        ("POST", "registered-models/create", json!({"name": "churn"})),
        ("POST", "model-versions/create", version.clone()),
        ("POST", "model-versions/create", version),
        ("POST", "model-versions/transition-stage", staged),
        ("POST", "registered-models/alias", alias.clone()),
        ("DELETE", "registered-models/alias", alias.clone()),
        ("DELETE", "registered-models/alias", alias),
        (
            "DELETE",
            "model-versions/delete",
            json!({"name": "churn", "version": "1"}),
        ),
        (
            "POST",
            "registered-models/rename",
            json!({"name": "churn", "new_name": "loss"}),
        ),
        (
            "DELETE",
            "registered-models/delete",
            json!({"name": "loss"}),
        ),
    ] {
        app.call(method, path, body).await.ok();
    }
    let expected = [
        ("model.create", "churn"),
        ("version.create", "churn/1"),
        ("version.create", "churn/2"),
        ("version.stage", "churn/2: Production, others archived"),
        ("alias.set", "churn@champion: 2"),
        ("alias.delete", "churn@champion"),
        ("version.delete", "churn/1"),
        ("model.rename", "churn: now loss"),
        ("model.delete", "loss"),
    ];
    assert_eq!(recorded(&app).await, pairs(&expected));
    let chain: Result<_, StoreError> = app
        .store
        .read(|tx| audit::first_break(tx, Schema::Registry))
        .await;
    assert_eq!(chain, Ok(None));
}

#[tokio::test]
async fn security_8_deleting_and_restoring_runs_experiments_and_files_is_recorded_once() {
    let app = App::with_run().await;
    let run = json!({"run_id": app.run});
    let created = json!({"name": "e"});
    let experiment = app.call("POST", "experiments/create", created).await.ok();
    let path = app.at("model/weights");
    app.artifact("PUT", &path, b"w").await.ok();
    app.artifact("DELETE", &path, b"").await.ok();
    for change in ["delete", "delete", "restore", "restore"] {
        let path = format!("runs/{change}");
        app.call("POST", &path, run.clone()).await.ok();
    }
    for change in ["delete", "restore"] {
        let path = format!("experiments/{change}");
        app.call("POST", &path, experiment.clone()).await.ok();
    }
    let logged = json!({"experiment_id": "0", "name": "m"});
    let logged = app.call("POST", "logged-models", logged).await.ok();
    let model_id = logged["model"]["info"]["model_id"].as_str().unwrap();
    let path = format!("logged-models/{model_id}");
    for _ in 0..2 {
        app.call("DELETE", &path, json!({})).await.ok();
    }
    let number = experiment["experiment_id"].as_str().unwrap();
    let expected = [
        ("artifact.delete", &*app.at("model/weights")),
        ("run.delete", &app.run),
        ("run.restore", &app.run),
        ("experiment.delete", number),
        ("experiment.restore", number),
        ("logged-model.delete", model_id),
    ];
    assert_eq!(recorded(&app).await, pairs(&expected));
}

#[tokio::test]
async fn security_8_metrics_params_tags_and_refused_changes_are_not_recorded() {
    let app = App::with_run().await;
    let metric = json!({"run_id": app.run, "key": "loss", "value": 1.0, "timestamp": 1});
    let param = json!({"run_id": app.run, "key": "p", "value": "1"});
    app.call("POST", "runs/log-metric", metric.clone())
        .await
        .ok();
    app.call("POST", "runs/log-parameter", param.clone())
        .await
        .ok();
    app.call("POST", "runs/set-tag", param.clone()).await.ok();
    let batch = json!({"run_id": app.run, "metrics": [metric], "params": [param], "tags": []});
    app.call("POST", "runs/log-batch", batch).await.ok();
    for (method, path, body) in [
        (
            "POST",
            "model-versions/create",
            json!({"name": "nobody", "source": "s3://bucket/model"}),
        ),
        (
            "DELETE",
            "registered-models/delete",
            json!({"name": "nobody"}),
        ),
        ("POST", "runs/delete", json!({"run_id": "nobody"})),
        ("POST", "experiments/restore", json!({"experiment_id": "0"})),
    ] {
        let refused = app.call(method, path, body).await;
        assert!(refused.status.is_client_error(), "{path}");
    }
    app.artifact("DELETE", "0/nobody/artifacts/x", b"").await;
    assert_eq!(recorded(&app).await, pairs(&[]));
}

#[tokio::test]
async fn the_audit_log_is_not_open_to_a_registry_without_keys() {
    let app = App::new();
    for path in ["/api/audit", "/api/audit/verify"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(app.send(request).await.status, 403, "{path}");
    }
}
