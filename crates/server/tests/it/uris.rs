//! No URI that a client sends is opened (security 10): hostile ones through every field that takes a URI or a path, a file beside the
//! store that must stay unread and a listener that must stay unvisited.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::app::App;

const SECRET: &str = "the canary's secret";

/// A file outside of the artifacts, and a port that nobody may connect to.
struct Canary {
    path: String,
    listener: TcpListener,
    host: String,
}

impl Canary {
    fn new(app: &App) -> Self {
        let path = app.directory.path().join("canary");
        std::fs::write(&path, SECRET).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        Self {
            path: path.to_str().unwrap().to_owned(),
            listener,
            host,
        }
    }

    /// Schemes, hosts and traversals, among them those of MLflow's published advisories.
    fn payloads(&self) -> Vec<String> {
        let (path, host) = (&self.path, &self.host);
        let mut all: Vec<String> = Vec::new();
        for scheme in [
            "file:",
            "file://",
            "file://localhost",
            "FILE://",
            "local:",
            "fILe:",
            "",
        ] {
            all.push(format!("{scheme}{path}"));
            all.push(format!("{scheme}{path}#x"));
            all.push(format!("{scheme}{path}?x"));
        }
        for scheme in [
            "http",
            "https",
            "ftp",
            "sftp",
            "s3",
            "gs",
            "wasbs",
            "abfss",
            "hdfs",
            "dbfs",
            "r2",
            "b2",
            "mlflow-artifacts",
            "uc",
        ] {
            all.push(format!("{scheme}://{host}/x"));
            all.push(format!("{scheme}://user:pass@{host}/x"));
        }
        for root in [
            "mlflow-artifacts:/",
            "mlflow-artifacts:",
            "",
            "runs:/",
            "models:/",
            "http:/",
        ] {
            for step in ["..", "%2e%2e", "%252e%252e", "..;", "..%00", "..\\", ".%2e"] {
                all.push(format!("{root}{step}/{step}/{step}/canary"));
            }
        }
        all.extend([
            format!("mlflow-artifacts:/../../{path}"),
            format!("mlflow-artifacts:/0#/../../{path}"),
            format!("mlflow-artifacts:/0?/../../{path}"),
            format!("file:///%2e%2e{path}"),
            format!("file://{host}{path}"),
            format!("//{host}/x"),
            format!("\\\\{host}\\share"),
            "\\etc\\passwd".to_owned(),
            "C:\\windows\\win.ini".to_owned(),
            "/proc/self/environ".to_owned(),
            "file:/proc/self/environ".to_owned(),
            "models://evil/churn/1".to_owned(),
            "data:text/plain,x".to_owned(),
            "\n".to_owned(),
        ]);
        all
    }

    fn assert_untouched(&self, what: &str) {
        assert!(
            self.listener.accept().is_err(),
            "{what}: somebody connected"
        );
        let now = std::fs::read_to_string(&self.path).unwrap();
        assert_eq!(now, SECRET, "{what}: the file was changed");
    }
}

fn text(body: &Value, pointer: &str) -> String {
    body.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Reads whatever can be read of a run and a version; nothing may be the canary.
async fn nothing_leaks(app: &App, canary: &Canary, what: &str, calls: &[(&str, &str, Value)]) {
    for (method, path, body) in calls {
        let answer = app.call(method, path, body.clone()).await;
        let shown = String::from_utf8_lossy(&answer.body);
        assert!(!shown.contains(SECRET), "{what}: {path} shows the canary");
        assert!(
            answer.status.as_u16() < 500,
            "{what}: {path} answers {}",
            answer.status
        );
    }
    canary.assert_untouched(what);
}

#[tokio::test]
async fn no_experiment_lies_where_a_client_says_outside_the_store() {
    let app = App::with_run().await;
    let canary = Canary::new(&app);
    let payloads = canary.payloads();
    assert!(payloads.len() >= 80, "{}", payloads.len());
    for (number, payload) in payloads.iter().enumerate() {
        let body = json!({"name": format!("e{number}"), "artifact_location": payload});
        let created = app.call("POST", "experiments/create", body).await;
        if created.status.is_client_error() {
            canary.assert_untouched(payload);
            continue;
        }
        let experiment = text(&created.json(), "/experiment_id");
        let run = app
            .call("POST", "runs/create", json!({"experiment_id": experiment}))
            .await;
        let run = text(&run.json(), "/run/info/run_id");
        let model = app
            .call(
                "POST",
                "logged-models",
                json!({"experiment_id": experiment, "name": "m"}),
            )
            .await;
        let model = text(&model.json(), "/model/info/model_id");
        let calls = [
            ("GET", "artifacts/list".to_owned(), json!({"run_id": run})),
            (
                "GET",
                "artifacts/list".to_owned(),
                json!({"run_id": run, "path": "canary"}),
            ),
            (
                "GET",
                format!("logged-models/{model}/artifacts/directories"),
                json!({}),
            ),
            (
                "GET",
                format!("logged-models/{model}/artifacts/files"),
                json!({"artifact_file_path": "canary"}),
            ),
        ];
        let calls: Vec<_> = calls
            .iter()
            .map(|(method, path, body)| (*method, path.as_str(), body.clone()))
            .collect();
        nothing_leaks(&app, &canary, payload, &calls).await;
    }
}

#[tokio::test]
async fn no_version_leads_to_where_a_client_says_outside_the_store() {
    let app = App::with_run().await;
    let canary = Canary::new(&app);
    app.call("POST", "registered-models/create", json!({"name": "churn"}))
        .await
        .ok();
    let model = app
        .call(
            "POST",
            "logged-models",
            json!({"experiment_id": "0", "name": "m"}),
        )
        .await
        .ok();
    let model = text(&model, "/model/info/model_id");
    for payload in canary.payloads() {
        for owner in [
            json!({"run_id": app.run}),
            json!({"model_id": model}),
            json!({}),
        ] {
            let mut body = json!({"name": "churn", "source": payload});
            body.as_object_mut()
                .unwrap()
                .extend(owner.as_object().unwrap().clone());
            let created = app.call("POST", "model-versions/create", body).await;
            let version = text(&created.json(), "/model_version/version");
            let calls = [
                (
                    "GET",
                    "model-versions/get",
                    json!({"name": "churn", "version": version}),
                ),
                (
                    "GET",
                    "model-versions/get-download-uri",
                    json!({"name": "churn", "version": version}),
                ),
            ];
            let calls = if version.is_empty() {
                &calls[..0]
            } else {
                &calls[..]
            };
            nothing_leaks(&app, &canary, &payload, calls).await;
        }
    }
}

#[tokio::test]
async fn texts_that_look_like_places_are_texts() {
    let app = App::with_run().await;
    let canary = Canary::new(&app);
    for payload in canary.payloads() {
        let dataset = json!({"dataset": {"name": "d", "digest": "x", "source_type": "local", "source": payload}});
        let mlmodel = json!({"artifact_path": payload, "utc_time_created": "x", "run_id": app.run, "flavors": {}});
        let calls = [
            (
                "POST",
                "runs/log-inputs",
                json!({"run_id": app.run, "datasets": [dataset]}),
            ),
            (
                "POST",
                "runs/set-tag",
                json!({"run_id": app.run, "key": "place", "value": payload}),
            ),
            (
                "POST",
                "runs/log-model",
                json!({"run_id": app.run, "model_json": mlmodel.to_string()}),
            ),
            (
                "GET",
                "artifacts/list",
                json!({"run_id": app.run, "path": payload}),
            ),
            ("GET", "artifacts/list", json!({"run_id": payload})),
            ("GET", "runs/get", json!({"run_id": app.run})),
        ];
        nothing_leaks(&app, &canary, &payload, &calls).await;
    }
}

#[tokio::test]
async fn a_body_nested_deeper_than_any_request_is_refused_and_harmless() {
    let app = App::new();
    let deep = format!(
        r#"{{"name": "a", "tags": {}{}}}"#,
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    let request = axum::http::Request::post("/api/2.0/mlflow/experiments/create")
        .header("content-type", "application/json")
        .body(axum::body::Body::from(deep));
    let answer = app.send(request.unwrap()).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
}
