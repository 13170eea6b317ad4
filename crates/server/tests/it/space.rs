//! Security 14: uploads cannot stop the database that shares their disk, and take no more than they may.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::Request;
use futures_util::stream;
use http_body::{Frame, SizeHint};
use serde_json::{Value, json};

use crate::app::{Answer, App};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn security_14_below_the_floor_uploads_are_refused_before_they_are_read_and_all_else_goes_on()
{
    let app = App::limited(u64::MAX, None).and_run().await;
    let refused = put(&app, "big", Body::new(Unread)).await;
    let (status, code, message) = refused.error();
    assert_eq!((status, code.as_str()), (507, "RESOURCE_EXHAUSTED"));
    assert!(
        message.contains("MiB are free") && message.contains("`free-space-floor-mib`"),
        "{message}"
    );
    app.call(
        "POST",
        "runs/log-metric",
        json!({"run_id": app.run, "key": "m", "value": 1, "timestamp": 1}),
    )
    .await
    .ok();
    assert_eq!(files(&app).await, json!({}));
}

#[tokio::test]
async fn security_14_an_upload_that_does_not_say_its_length_is_refused_too() {
    let app = App::limited(u64::MAX, None).and_run().await;
    let body = Body::from_stream(stream::iter([Ok::<_, String>(Bytes::from_static(b"x"))]));
    assert_eq!(put(&app, "big", body).await.status, 507);
    assert_eq!(files(&app).await, json!({}));
}

#[tokio::test]
async fn security_14_ready_health_and_metrics_tell_of_the_space() {
    for (floor, has_space) in [(1, true), (1 << 60, false)] {
        let app = App::limited(floor, Some(7)).and_run().await;
        let ready = get(&app, "/ready").await.ok();
        let space = &ready["checks"][1];
        assert_eq!(
            (&space["name"], &space["ok"], &space["floor_bytes"]),
            (&json!("upload_space"), &json!(has_space), &json!(floor))
        );
        assert!(space["free_bytes"].as_u64().unwrap() > 0, "{ready}");
        let health = get(&app, "/health").await.ok();
        let status = if has_space { "OK" } else { "degraded" };
        assert_eq!(health["status"], status, "{health}");
        app.artifact("PUT", &app.at("x"), b"too much").await;
        let metrics = String::from_utf8(get(&app, "/metrics").await.body).unwrap();
        for line in [
            format!("\nhokusai_registry_artifacts_floor_bytes {floor}\n"),
            "\nhokusai_registry_upload_quota_bytes 7\n".to_owned(),
            "\nhokusai_registry_uploads_refused_total 1\n".to_owned(),
        ] {
            assert!(metrics.contains(&line), "{line} {metrics}");
        }
        assert!(metrics.contains("\nhokusai_registry_artifacts_free_bytes "));
    }
}

#[tokio::test]
async fn security_14_uploads_together_stay_within_the_quota_and_deletions_make_room() {
    let app = App::limited(0, Some(MIB as u64)).and_run().await;
    let part = vec![7; MIB / 2];
    app.artifact("PUT", &app.at("one"), &part).await.ok();
    app.artifact("PUT", &app.at("two"), &part).await.ok();
    let refused = app.artifact("PUT", &app.at("three"), b"x").await;
    let (status, code, message) = refused.error();
    assert_eq!((status, code.as_str()), (507, "RESOURCE_EXHAUSTED"));
    assert!(
        message.contains("1 of 1 MiB") && message.contains("`upload-quota-mib`"),
        "{message}"
    );
    let unannounced = Body::from_stream(stream::iter([Ok::<_, String>(Bytes::from_static(b"x"))]));
    assert_eq!(put(&app, "three", unannounced).await.status, 507);
    assert_eq!(files(&app).await["files"].as_array().unwrap().len(), 2);
    app.artifact("DELETE", &app.at("one"), b"").await.ok();
    app.clock.advance_ms(5_001);
    app.artifact("PUT", &app.at("three"), b"x").await.ok();
}

/// Says how long it is; who reads it finds it empty, which would be accepted.
struct Unread;

impl http_body::Body for Unread {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(5)
    }
}

async fn put(app: &App, name: &str, body: Body) -> Answer {
    let path = format!("/api/2.0/mlflow-artifacts/artifacts/{}", app.at(name));
    app.send(Request::put(path).body(body).unwrap()).await
}

async fn get(app: &App, path: &str) -> Answer {
    app.send(Request::get(path).body(Body::empty()).unwrap())
        .await
}

async fn files(app: &App) -> Value {
    let path = format!(
        "/api/2.0/mlflow-artifacts/artifacts?path=0/{}/artifacts",
        app.run
    );
    get(app, &path).await.ok()
}
