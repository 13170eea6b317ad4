//! Security 7 between processes: a registry that asks an auth service over HTTP, both at their most talkative, keep no key anywhere.
//! (`conformance/test_leaks.py` does the same with both services in one process, on both databases.)

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::json;

use crate::process::{Answer, Server, ask, mint, read_key};

const ANY: &str = "127.0.0.1:0";

/// The key raw, percent-encoded, and in base64 at each of the three offsets, without the letters that neighbours change.
fn forms(key: &str) -> Vec<String> {
    let encoded = percent_encoded(key);
    let twice = percent_encoded(&encoded);
    let mut forms = vec![key.to_owned(), encoded, twice];
    for offset in 0..3 {
        let encoded = STANDARD.encode([vec![0; offset], key.as_bytes().to_vec()].concat());
        let skipped = if offset == 0 { 0 } else { 4 };
        let kept = encoded.len() - 4 - skipped;
        forms.push(encoded.chars().skip(skipped).take(kept).collect());
    }
    forms
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        write!(encoded, "%{byte:02X}").unwrap();
    }
    encoded
}

fn every_file(path: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            every_file(&path, files);
        } else {
            files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_7_split_services_at_trace_keep_and_echo_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (data, other) = (place("auth"), place("registry"));
    let first = secrets.path().join("first");
    let own = secrets.path().join("registry.key");
    let mut auth = Server::start_logging(
        folder.path(),
        &[
            "auth",
            "--auth-listen",
            ANY,
            "--data-dir",
            &data,
            "--bootstrap-key-file",
            first.to_str().unwrap(),
        ],
        1,
        "trace",
    );
    let (url, admin) = (auth.url("auth").to_owned(), read_key(&first));
    let (credential, _) = mint(
        &url,
        &admin,
        json!({"name": "registry", "scopes": ["keys:validate"]}),
    )
    .await;
    std::fs::write(&own, &credential).unwrap();
    let mut registry = Server::start_logging(
        folder.path(),
        &[
            "registry",
            "--registry-listen",
            ANY,
            "--data-dir",
            &other,
            "--auth-url",
            &url,
            "--auth-key-file",
            own.to_str().unwrap(),
        ],
        1,
        "trace",
    );
    let (good, _) = mint(
        &url,
        &admin,
        json!({"name": "good", "scopes": ["model:write"]}),
    )
    .await;
    let (dead, id) = mint(
        &url,
        &admin,
        json!({"name": "dead", "scopes": ["model:write"]}),
    )
    .await;
    let gone = ask(
        Method::DELETE,
        &format!("{url}/api/v1/keys/{id}"),
        &admin,
        None,
    )
    .await;
    assert_eq!(gone.status, 200);
    let strange: String = good
        .chars()
        .take(8)
        .chain(good.chars().skip(8).collect::<Vec<_>>().into_iter().rev())
        .collect();
    let keys = [admin, credential, good, dead, strange];
    let echoed = send_everywhere(&url, registry.url("registry"), &keys).await;
    for server in [&mut auth, &mut registry] {
        assert_eq!(server.stop(), Some(0));
        assert!(
            server.log().contains("\"TRACE\""),
            "the log is not at its most talkative"
        );
    }
    nothing_holds(folder.path(), &echoed, &keys);
}

/// Presents each key wherever somebody might put one; gives all answers.
async fn send_everywhere(auth: &str, registry: &str, keys: &[String]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for key in keys {
        for url in [
            format!("{registry}/api/2.0/mlflow/experiments/search?max_results=1"),
            format!("{registry}/api/2.0/mlflow/experiments/get?experiment_id={key}"),
            format!("{registry}/{key}"),
            format!("{registry}/{}", percent_encoded(key)),
            format!("{registry}/{}", percent_encoded(&percent_encoded(key))),
            format!("{auth}/{}/x", percent_encoded(key)),
            format!("{registry}/api/2.0/mlflow/experiments/search?api_key={key}"),
            format!("{auth}/api/v1/keys/{key}"),
            format!("{auth}/api/v1/keys/epoch"),
            format!("{auth}/metrics"),
        ] {
            answers.push(ask(Method::GET, &url, key, None).await);
        }
        let validate = format!("{auth}/api/v1/keys/validate");
        answers.push(
            ask(
                Method::POST,
                &validate,
                key,
                Some(json!({"client_ip": key})),
            )
            .await,
        );
    }
    answers
}

fn nothing_holds(folder: &Path, answers: &[Answer], keys: &[String]) {
    let mut kept = Vec::new();
    every_file(folder, &mut kept);
    assert!(kept.len() > 4);
    for form in keys.iter().flat_map(|key| forms(key)) {
        for (place, bytes) in &kept {
            let holds = bytes
                .windows(form.len())
                .any(|window| window == form.as_bytes());
            assert!(!holds, "{place} holds a key");
        }
        for answer in answers {
            assert!(!format!("{answer:?}").contains(&form), "{answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_7_the_driver_of_postgresql_logs_nothing_that_users_stored() {
    let folder = tempfile::tempdir().unwrap();
    let database = hokusai_testkit::whole_postgres_database();
    let first = folder.path().join("first").display().to_string();
    let arguments = [
        "--auth-listen",
        ANY,
        "--registry-listen",
        ANY,
        "--database-url",
        &database,
        "--data-dir",
        folder.path().to_str().unwrap(),
        "--bootstrap-key-file",
        &first,
    ];
    let filter = "trace,tokio_postgres=trace,tokio_postgres::query=trace";
    let mut server = Server::start_logging(folder.path(), &arguments, 2, filter);
    let admin = read_key(Path::new(&first));
    let registry = server.url("registry").to_owned();
    let canary = "stored-by-a-user";
    let create = format!("{registry}/api/2.0/mlflow/runs/create");
    let run = json!({"experiment_id": "0", "tags": [{"key": "t", "value": canary}]});
    let made = ask(Method::POST, &create, &admin, Some(run)).await;
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(server.stop(), Some(0));
    let log = server.log();
    assert!(
        log.contains("\"TRACE\""),
        "the log is not at its most talkative"
    );
    assert!(!log.contains(canary), "the log holds what a user stored");
}
