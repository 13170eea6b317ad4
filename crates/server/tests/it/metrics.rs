use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn requests_are_counted_by_route_and_status_and_never_by_what_a_client_sent() {
    let app = App::with_run().await;
    app.call("GET", "runs/get", json!({"run_id": app.run}))
        .await;
    app.call("GET", "runs/get", json!({"run_id": "absent"}))
        .await;
    app.artifact("PUT", &app.at("a-file"), b"x").await;
    let lost = Request::get("/lost/for-somebody-else").body(Body::empty());
    app.send(lost.unwrap()).await;

    let page = metrics(&app).await;
    let runs_get = r#"method="GET",route="/api/2.0/mlflow/runs/get""#;
    for line in [
        format!(r#"hokusai_registry_requests_total{{{runs_get},status="2xx"}} 1"#),
        format!(r#"hokusai_registry_requests_total{{{runs_get},status="4xx"}} 1"#),
        format!("hokusai_registry_request_seconds_count{{{runs_get}}} 2"),
        r#"hokusai_registry_requests_total{method="",route="unknown",status="4xx"} 1"#.to_owned(),
        // This one.
        "hokusai_registry_requests_in_flight 1".to_owned(),
    ] {
        assert!(page.lines().any(|there| there == line), "{line}\n{page}");
    }
    for sent in ["a-file", "somebody", app.run.as_str()] {
        assert!(!page.contains(sent), "{sent}\n{page}");
    }
}

async fn metrics(app: &App) -> String {
    let answer = app
        .send(Request::get("/metrics").body(Body::empty()).unwrap())
        .await;
    assert_eq!(
        answer.headers["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    String::from_utf8(answer.body).unwrap()
}
