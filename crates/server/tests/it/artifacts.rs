//! The artifact store over HTTP.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn a_file_goes_in_is_listed_comes_out_and_is_deleted() {
    let app = App::with_run().await;
    app.artifact("PUT", &app.at("model/MLmodel"), b"flavors: {}")
        .await
        .ok();
    let listed = app
        .send(
            Request::get(format!(
                "/api/2.0/mlflow-artifacts/artifacts?path=0/{}/artifacts/model",
                app.run
            ))
            .body(Body::empty())
            .unwrap(),
        )
        .await;
    assert_eq!(
        listed.ok(),
        json!({"files": [{"path": "MLmodel", "is_dir": false, "file_size": 11}]})
    );
    let got = app.artifact("GET", &app.at("model/MLmodel"), b"").await;
    assert_eq!(
        (got.status.as_u16(), got.body.as_slice()),
        (200, b"flavors: {}".as_slice())
    );
    assert_eq!(got.headers["content-type"], "text/plain");
    app.artifact("DELETE", &app.at("model"), b"").await.ok();
    assert_eq!(
        app.artifact("GET", &app.at("model/MLmodel"), b"")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn the_path_is_decoded_exactly_once() {
    let app = App::with_run().await;
    let encoded = app.at("images/dog%25step%2523%25timestamp%251700000000%252f.png");
    app.artifact("PUT", &encoded, b"x").await.ok();
    let on_disk = app
        .directory
        .path()
        .join("artifacts/files")
        .join(app.at("images/dog%step%23%timestamp%1700000000%2f.png"));
    assert_eq!(std::fs::read(on_disk).unwrap(), b"x");
    assert_eq!(app.artifact("GET", &encoded, b"").await.body, b"x");
}

#[tokio::test]
async fn no_traversal_reads_writes_or_deletes_beyond_the_root() {
    let app = App::with_run().await;
    let files = app.directory.path().join("artifacts/files");
    let canary = app.directory.path().join("artifacts/canary");
    std::fs::write(&canary, "secret").unwrap();
    let payloads = [
        "..%2fcanary",
        "%2e%2e/canary",
        "%2e%2e%2fcanary",
        ".%2e/canary",
        "%2E%2E%2Fcanary",
        "..%5ccanary",
        "%2fetc%2fpasswd",
        "%252e%252e/canary",
        "%252e%252e%252fcanary",
        "%25252e%25252e/canary",
        "a/%2e%2e/%2e%2e/canary",
        "a/..%2f..%2fcanary",
        "a%5c..%5c..%5ccanary",
        "%00",
        "a%00b",
        "a%0ab",
        "a%0d%0ab",
        "%23",
        "a%23b",
        "file:%2f%2f%2fetc%2fpasswd",
        "C:%5cx",
        "%5c%5chost%5cshare",
        "a//b",
        "a/./b",
        "a/%2e/b",
        ".",
        "%2e",
        "%2e%2e",
        "a%e2%80%a8b",
        "%2f",
        "%2f%2f",
        "a%2f",
        "a%2f%2fb",
        "..%252fcanary",
        "%c0%ae%c0%ae/canary",
        "%7f",
        "%1b",
    ];
    for payload in payloads {
        for prefix in ["", app.at("").as_str()] {
            for method in ["GET", "PUT", "DELETE"] {
                let answer = app
                    .artifact(method, &format!("{prefix}{payload}"), b"overwritten")
                    .await;
                assert!(
                    answer.status.is_client_error(),
                    "{method} {prefix}{payload}: {}",
                    answer.status
                );
                assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
            }
        }
        let listed = Request::get(format!(
            "/api/2.0/mlflow-artifacts/artifacts?path={payload}"
        ))
        .body(Body::empty())
        .unwrap();
        let listed = app.send(listed).await;
        assert!(
            !String::from_utf8_lossy(&listed.body).contains("canary\"")
                || listed.status.is_client_error(),
            "{payload}"
        );
    }
    assert_eq!(std::fs::read(&canary).unwrap(), b"secret");
    assert_eq!(std::fs::read_dir(files).unwrap().count(), 0);
}

#[tokio::test]
async fn a_range_is_sent_alone_and_one_behind_the_end_is_refused() {
    let app = App::with_run().await;
    app.artifact("PUT", &app.at("x.bin"), b"0123456789")
        .await
        .ok();
    let ranged = |range: &'static str| {
        let uri = format!("/api/2.0/mlflow-artifacts/artifacts/{}", app.at("x.bin"));
        app.send(
            Request::get(uri)
                .header("range", range)
                .body(Body::empty())
                .unwrap(),
        )
    };
    let part = ranged("bytes=2-4").await;
    assert_eq!(
        (part.status.as_u16(), part.body.as_slice()),
        (206, b"234".as_slice())
    );
    assert_eq!(part.headers["content-range"], "bytes 2-4/10");
    assert_eq!(ranged("bytes=10-").await.status, 416);
    assert_eq!(ranged("bytes=oops").await.body, b"0123456789");
}

#[tokio::test]
async fn every_answer_of_the_store_is_harmless_to_browsers() {
    let app = App::with_run().await;
    app.artifact("PUT", &app.at("evil.html"), b"<script>")
        .await
        .ok();
    for (method, path, range, status) in [
        ("GET", app.at("evil.html"), None, 200),
        ("GET", app.at("evil.html"), Some("bytes=1-3"), 206),
        ("GET", app.at("evil.html"), Some("bytes=99-"), 416),
        ("GET", app.at("missing"), None, 404),
        ("GET", app.at("%2e%2e"), None, 400),
        ("PUT", "loose".to_owned(), None, 404),
        ("DELETE", app.at("missing"), None, 200),
        (
            "GET",
            format!("/get-artifact?run_id={}&path=evil.html", app.run),
            Some("bytes=1-3"),
            206,
        ),
        (
            "GET",
            format!("/get-artifact?run_id={}&path=../x", app.run),
            None,
            400,
        ),
    ] {
        let uri = match path.strip_prefix('/') {
            Some(_) => path.clone(),
            None => format!("/api/2.0/mlflow-artifacts/artifacts/{path}"),
        };
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(range) = range {
            request = request.header("range", range);
        }
        let answer = app.send(request.body(Body::from("x")).unwrap()).await;
        assert_eq!(answer.status, status, "{method} {path} {range:?}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "private, no-store"),
        ] {
            assert_eq!(answer.headers[name], value, "{method} {path}");
        }
        assert!(
            answer.headers["content-disposition"]
                .to_str()
                .unwrap()
                .starts_with("attachment")
        );
    }
}

#[tokio::test]
async fn what_a_version_refers_to_can_not_be_changed_until_the_version_is_deleted() {
    let app = App::with_run().await;
    app.artifact("PUT", &app.at("model/MLmodel"), b"good")
        .await
        .ok();
    app.call("POST", "registered-models/create", json!({"name": "churn"}))
        .await
        .ok();
    let source = format!("mlflow-artifacts:/{}", app.at("model"));
    app.call(
        "POST",
        "model-versions/create",
        json!({"name": "churn", "source": source, "run_id": app.run}),
    )
    .await
    .ok();
    for (method, path) in [
        ("PUT", "model/MLmodel"),
        ("DELETE", "model/MLmodel"),
        ("DELETE", "model"),
        ("PUT", "model/new.py"),
    ] {
        let refused = app.artifact(method, &app.at(path), b"evil").await.error();
        assert_eq!(refused.0, 400, "{method} {path}");
        assert!(
            refused.2.contains("belongs to version 1 of model 'churn'"),
            "{}",
            refused.2
        );
    }
    assert_eq!(
        app.artifact("GET", &app.at("model/MLmodel"), b"")
            .await
            .body,
        b"good"
    );
    app.artifact("PUT", &app.at("other.txt"), b"fine")
        .await
        .ok();
    app.call(
        "DELETE",
        "model-versions/delete",
        json!({"name": "churn", "version": "1"}),
    )
    .await
    .ok();
    app.artifact("PUT", &app.at("model/MLmodel"), b"new")
        .await
        .ok();
}

#[tokio::test]
async fn roots_and_paths_without_an_owner_take_no_writes() {
    let app = App::with_run().await;
    let root = format!("0/{}/artifacts", app.run);
    for path in [
        "loose.txt",
        "0/x",
        "0/0123456789abcdef0123456789abcdef/artifacts/x",
        root.as_str(),
    ] {
        assert_eq!(app.artifact("PUT", path, b"x").await.status, 404, "{path}");
        assert_eq!(
            app.artifact("DELETE", path, b"").await.status,
            404,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_type_that_an_uploader_claims_is_never_sent_again() {
    let app = App::with_run().await;
    let path = app.at("model.bin");
    let uri = format!("/api/2.0/mlflow-artifacts/artifacts/{path}");
    let sent = Request::put(&uri)
        .header("content-type", "text/html; charset=x-evil")
        .header("content-disposition", "inline")
        .body(Body::from("<script>"));
    app.send(sent.unwrap()).await.ok();
    let got = app.artifact("GET", &path, b"").await;
    assert_eq!(got.headers["content-type"], "application/octet-stream");
    assert_eq!(
        got.headers["content-disposition"],
        "attachment; filename=model.bin"
    );
}

#[tokio::test]
async fn security_14_what_is_sent_compressed_is_not_decompressed() {
    // `{"name": "bomb"}` as `gzip` writes it.
    const ZIPPED: [u8; 36] = [
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 202, 75, 204, 77, 85, 178, 82, 80, 74, 202, 207,
        77, 82, 170, 5, 0, 174, 52, 188, 78, 16, 0, 0, 0,
    ];
    let app = App::new();
    let sent = Request::post("/api/2.0/mlflow/experiments/create")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(Body::from(ZIPPED.to_vec()));
    let refused = app.send(sent.unwrap()).await.error();
    assert_eq!(refused.0, 400, "{refused:?}");
}
