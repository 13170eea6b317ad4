//! Registered models and versions, as MLflow's client sees them.

use serde_json::{Value, json};

use crate::app::App;

const FOREIGN: &str = "s3://bucket/model";

async fn with_versions(app: &App, count: usize) {
    app.call("POST", "registered-models/create", json!({"name": "churn"}))
        .await
        .ok();
    for _ in 0..count {
        app.call(
            "POST",
            "model-versions/create",
            json!({"name": "churn", "source": FOREIGN}),
        )
        .await
        .ok();
    }
}

#[tokio::test]
async fn a_model_is_created_read_renamed_and_deleted() {
    let app = App::new();
    let tags = json!([{"key": "team", "value": "a"}, {"key": "team", "value": "b"}]);
    let created = app
        .call(
            "POST",
            "registered-models/create",
            json!({"name": "churn", "description": "d", "tags": tags}),
        )
        .await
        .ok();
    let expected = json!({"registered_model": {
        "name": "churn", "description": "d", "creation_timestamp": 1_700_000_000_000_i64,
        "last_updated_timestamp": 1_700_000_000_000_i64, "tags": [{"key": "team", "value": "b"}]}});
    assert_eq!(created, expected);
    assert_eq!(
        app.call("GET", "registered-models/get", json!({"name": "churn"}))
            .await
            .ok(),
        expected
    );
    app.call(
        "POST",
        "registered-models/rename",
        json!({"name": "churn", "new_name": "loss"}),
    )
    .await
    .ok();
    app.call(
        "DELETE",
        "registered-models/delete",
        json!({"name": "loss"}),
    )
    .await
    .ok();
    let gone = app
        .call("GET", "registered-models/get", json!({"name": "loss"}))
        .await
        .error();
    assert_eq!(gone.2, "Registered Model with name=loss not found");
    assert_eq!((gone.0, gone.1.as_str()), (404, "RESOURCE_DOES_NOT_EXIST"));
}

#[tokio::test]
async fn a_taken_name_is_refused_and_says_by_what() {
    let app = App::new();
    let prompt =
        json!({"name": "p", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]});
    app.call("POST", "registered-models/create", json!({"name": "m"}))
        .await
        .ok();
    app.call("POST", "registered-models/create", prompt)
        .await
        .ok();
    let taken = app
        .call("POST", "registered-models/create", json!({"name": "m"}))
        .await
        .error();
    assert_eq!(
        (taken.0, taken.1.as_str()),
        (400, "RESOURCE_ALREADY_EXISTS")
    );
    assert_eq!(taken.2, "Registered Model (name=m) already exists.");
    let taken = app
        .call("POST", "registered-models/create", json!({"name": "p"}))
        .await
        .error();
    assert!(
        taken
            .2
            .contains("but the name is already taken by a prompt"),
        "{}",
        taken.2
    );
}

#[tokio::test]
async fn a_version_has_mlflows_fields() {
    let app = App::new();
    with_versions(&app, 1).await;
    let version = app
        .call(
            "GET",
            "model-versions/get",
            json!({"name": "churn", "version": "1"}),
        )
        .await
        .ok();
    assert_eq!(
        version,
        json!({"model_version": {
        "name": "churn", "version": "1", "creation_timestamp": 1_700_000_000_000_i64,
        "last_updated_timestamp": 1_700_000_000_000_i64, "current_stage": "None", "description": "",
        "source": FOREIGN, "run_id": "", "run_link": "", "status": "READY"}})
    );
    let uri = app
        .call(
            "GET",
            "model-versions/get-download-uri",
            json!({"name": "churn", "version": "1"}),
        )
        .await
        .ok();
    assert_eq!(uri, json!({"artifact_uri": FOREIGN}));
}

#[tokio::test]
async fn an_alias_moves_and_a_missing_one_is_a_wrong_parameter() {
    let app = App::new();
    with_versions(&app, 2).await;
    for version in ["1", "2"] {
        let body = json!({"name": "churn", "alias": "champion", "version": version});
        app.call("POST", "registered-models/alias", body).await.ok();
    }
    let by_alias = json!({"name": "churn", "alias": "champion"});
    let found = app
        .call("GET", "registered-models/alias", by_alias.clone())
        .await
        .ok();
    assert_eq!(found["model_version"]["version"], "2");
    assert_eq!(found["model_version"]["aliases"], json!(["champion"]));
    app.call("DELETE", "registered-models/alias", by_alias.clone())
        .await
        .ok();
    let missing = app
        .call("GET", "registered-models/alias", by_alias)
        .await
        .error();
    assert_eq!(
        (missing.0, missing.1.as_str()),
        (400, "INVALID_PARAMETER_VALUE")
    );
    let latest = app
        .call(
            "GET",
            "registered-models/alias",
            json!({"name": "churn", "alias": "latest"}),
        )
        .await
        .ok();
    assert_eq!(latest["model_version"]["version"], "2");
    let reserved = json!({"name": "churn", "alias": "v1", "version": "1"});
    assert_eq!(
        app.call("POST", "registered-models/alias", reserved)
            .await
            .error()
            .0,
        400
    );
}

#[tokio::test]
async fn stages_move_and_push_others_out() {
    let app = App::new();
    with_versions(&app, 2).await;
    for version in ["1", "2"] {
        let body = json!({"name": "churn", "version": version, "stage": "production", "archive_existing_versions": true});
        app.call("POST", "model-versions/transition-stage", body)
            .await
            .ok();
    }
    let latest = app
        .call(
            "POST",
            "registered-models/get-latest-versions",
            json!({"name": "churn"}),
        )
        .await
        .ok();
    let stages: Vec<_> = latest["model_versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["current_stage"].clone())
        .collect();
    assert_eq!(stages, ["Archived", "Production"]);
}

#[tokio::test]
async fn search_pages_through_all_versions_once() {
    let app = App::new();
    with_versions(&app, 5).await;
    let (mut token, mut found) = (Value::Null, Vec::new());
    loop {
        let page = json!({"filter": "name = 'churn'", "max_results": 2, "page_token": token.as_str().unwrap_or_default()});
        let page = app.call("GET", "model-versions/search", page).await.ok();
        found.extend(
            page["model_versions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v["version"].clone()),
        );
        token = page["next_page_token"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(found, ["5", "4", "3", "2", "1"]);
    assert_eq!(
        app.call(
            "GET",
            "model-versions/search",
            json!({"filter": "name = 'x'"})
        )
        .await
        .ok(),
        json!({})
    );
}

#[tokio::test]
async fn a_source_that_names_the_servers_files_or_leaves_its_owner_is_refused() {
    let app = App::new();
    with_versions(&app, 0).await;
    let id = "0123456789abcdef0123456789abcdef";
    let canary = app.directory.path().join("canary");
    std::fs::write(&canary, "secret").unwrap();
    let mut sources: Vec<String> = [
        "/etc/passwd",
        "etc/passwd",
        "./x",
        "../x",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "FILE:/etc/passwd",
        "file://localhost/etc/passwd",
        "file:///%2e%2e/etc/passwd",
        "mlflow-artifacts:/../../etc/passwd",
        "mlflow-artifacts:/%2e%2e/x",
        "mlflow-artifacts:/a/%252e%252e/x",
        "mlflow-artifacts:/..%2fx",
        "mlflow-artifacts://host/../x",
        "mlflow-artifacts:/a\\..\\x",
        "mlflow-artifacts:/a#b",
        "mlflow-artifacts:/a?b",
        "mlflow-artifacts:/a%00b",
        "mlflow-artifacts:/other/artifacts/model",
        "mlflow-artifacts:/",
        "runs:/other/model",
        "runs:/../x",
        "models:/m-0123",
        "models://host/churn/1",
        "models:/a/b/c",
        "s3://u:p@b/x",
        "s3://b/../x",
        "s3://b/%2e%2e/x",
        "http://h/api/2.0/mlflow-artifacts/artifacts/../x",
        "http://h/api/2.0/mlflow-artifacts/artifacts/1/other/artifacts/x",
        "gs://b/a#x",
        "https://h/x?file=/etc/passwd",
        "\\\\host\\share",
        "c:\\x",
        "",
    ]
    .map(str::to_owned)
    .to_vec();
    sources.push(format!("file://{}", canary.display()));
    sources.push(canary.display().to_string());
    for source in sources {
        for tags in [
            json!([]),
            json!([{"key": "mlflow.prompt.is_prompt", "value": "true"}]),
        ] {
            let body = json!({"name": "churn", "source": source, "run_id": id, "tags": tags});
            let refused = app
                .call("POST", "model-versions/create", body)
                .await
                .error();
            assert_eq!(
                (refused.0, refused.1.as_str()),
                (400, "INVALID_PARAMETER_VALUE"),
                "{source}"
            );
        }
    }
}

#[tokio::test]
async fn a_version_copied_from_a_version_shares_its_files() {
    let app = App::new();
    with_versions(&app, 1).await;
    app.call("POST", "registered-models/create", json!({"name": "prod"}))
        .await
        .ok();
    let copied = app
        .call(
            "POST",
            "model-versions/create",
            json!({"name": "prod", "source": "models:/churn/1"}),
        )
        .await;
    assert_eq!(copied.ok()["model_version"]["source"], "models:/churn/1");
    let uri = app
        .call(
            "GET",
            "model-versions/get-download-uri",
            json!({"name": "prod", "version": "1"}),
        )
        .await
        .ok();
    assert_eq!(uri["artifact_uri"], FOREIGN);
}
