//! Security 3: auth service and registry as processes of their own. Revocations travel, outages are bridged for a stated time, and
//! nobody else is believed.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::process::{Answer, Server, ask, client, mint, read_key};

const ANY: &str = "127.0.0.1:0";
const SEARCH: &str = "/api/2.0/mlflow/experiments/search?max_results=1";
const CREATE: &str = "/api/2.0/mlflow/experiments/create";
const DELETE: &str = "/api/2.0/mlflow/experiments/delete";

/// An auth service with its first key.
struct Auth {
    folder: tempfile::TempDir,
    server: Server,
    database: Option<String>,
    url: String,
    admin: String,
}

impl Auth {
    fn start(database: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key_file = folder.path().join("first-key");
        let file = key_file.display().to_string();
        let flags = arguments(&folder, database.as_ref());
        let mut all = vec!["auth", "--auth-listen", ANY, "--bootstrap-key-file", &file];
        all.extend(flags.iter().map(String::as_str));
        let server = Server::start(folder.path(), &all, 1);
        let (url, admin) = (server.url("auth").to_owned(), read_key(&key_file));
        Self {
            folder,
            server,
            database,
            url,
            admin,
        }
    }

    /// The same service again, on the same address, after it was killed.
    fn again(&mut self) {
        let address = self.url.trim_start_matches("http://").to_owned();
        let flags = arguments(&self.folder, self.database.as_ref());
        let mut all = vec!["auth", "--auth-listen", &address];
        all.extend(flags.iter().map(String::as_str));
        self.server = Server::start(self.folder.path(), &all, 1);
    }

    /// Another service on the same PostgreSQL database.
    fn replica(&self) -> Server {
        let flags = arguments(&self.folder, self.database.as_ref());
        let mut all = vec!["auth", "--auth-listen", ANY];
        all.extend(flags.iter().map(String::as_str));
        Server::start(self.folder.path(), &all, 1)
    }

    /// A registry that asks the service at `url`.
    async fn registry(&self, url: &str, window_s: u64) -> Registry {
        let body = json!({"name": "registry", "scopes": ["keys:validate"]});
        let (credential, _) = mint(&self.url, &self.admin, body).await;
        let folder = tempfile::tempdir().unwrap();
        let key_file = folder.path().join("registry.key");
        std::fs::write(&key_file, &credential).unwrap();
        Registry::start(folder, url, &key_file, window_s)
    }

    async fn key(&self) -> (String, String) {
        mint(
            &self.url,
            &self.admin,
            json!({"name": "ada", "user_id": "ada", "scopes": ["model:write"]}),
        )
        .await
    }

    async fn revoke(&self, id: &str) -> Answer {
        ask(
            Method::DELETE,
            &format!("{}/api/v1/keys/{id}", self.url),
            &self.admin,
            None,
        )
        .await
    }
}

fn arguments(folder: &tempfile::TempDir, database: Option<&String>) -> Vec<String> {
    match database {
        Some(url) => vec!["--database-url".to_owned(), url.clone()],
        None => vec![
            "--data-dir".to_owned(),
            folder.path().join("data").display().to_string(),
        ],
    }
}

struct Registry {
    folder: tempfile::TempDir,
    server: Server,
    url: String,
}

impl Registry {
    fn start(folder: tempfile::TempDir, auth: &str, key_file: &Path, window_s: u64) -> Self {
        let (data, file, window) = (
            folder.path().join("data").display().to_string(),
            key_file.display().to_string(),
            window_s.to_string(),
        );
        let all = [
            "registry",
            "--registry-listen",
            ANY,
            "--data-dir",
            &data,
            "--auth-url",
            auth,
            "--auth-key-file",
            &file,
            "--auth-stale-window",
            &window,
        ];
        let server = Server::start(folder.path(), &all, 1);
        let url = server.url("registry").to_owned();
        Self {
            folder,
            server,
            url,
        }
    }

    async fn search(&self, key: &str) -> Answer {
        ask(Method::GET, &format!("{}{SEARCH}", self.url), key, None).await
    }

    async fn create(&self, key: &str, name: &str) -> Answer {
        ask(
            Method::POST,
            &format!("{}{CREATE}", self.url),
            key,
            Some(json!({"name": name})),
        )
        .await
    }
}

/// How long until `url` refuses the key with 401.
async fn until_refused(url: &str, key: &str) -> Duration {
    let started = Instant::now();
    loop {
        let answer = ask(Method::GET, url, key, None).await;
        if answer.status == 401 {
            assert_eq!(answer.body["code"], "revoked", "{answer:?}");
            return started.elapsed();
        }
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "the revocation does not arrive"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_3_on_two_replicas_a_new_key_works_at_once_and_a_revoked_one_is_dead_within_a_second()
 {
    let auth = Auth::start(Some(hokusai_testkit::whole_postgres_database()));
    let replica = auth.replica();
    let registry = auth.registry(replica.url("auth"), 60).await;
    let second = format!("{}/api/v1/keys", replica.url("auth"));
    let asking = format!("{}{SEARCH}", registry.url);
    for _ in 0..5 {
        let (key, id) = auth.key().await;
        for url in [&second, &asking] {
            let answer = ask(Method::GET, url, &key, None).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        let told = auth.revoke(&id).await;
        assert_eq!(
            told.body["effective"],
            json!({"here_ms": 0, "reachable_replicas_ms": 1000, "replicas_cut_off_ms": 60_000})
        );
        let (at_replica, at_registry) =
            tokio::join!(until_refused(&second, &key), until_refused(&asking, &key));
        println!(
            "revoked at the replica after {at_replica:?}, at the registry that asks it after {at_registry:?}"
        );
        assert!(
            at_replica.max(at_registry) < Duration::from_secs(1),
            "{at_replica:?} {at_registry:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_3_auth_killed_under_load_no_request_with_a_known_key_fails_and_none_is_called_wrong()
 {
    let mut auth = Auth::start(None);
    let registry = auth.registry(&auth.url, 60).await;
    let (key, _) = auth.key().await;
    let (unseen, _) = auth.key().await;
    assert_eq!(registry.create(&key, "before").await.status, 200);
    let is_over = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..4)
        .map(|worker| {
            let (url, key, is_over) = (registry.url.clone(), key.clone(), Arc::clone(&is_over));
            tokio::spawn(async move {
                let (mut count, mut stale, mut slowest) = (0, 0, Duration::ZERO);
                while !is_over.load(Ordering::Relaxed) {
                    let answer = match count % 2 {
                        0 => ask(Method::GET, &format!("{url}{SEARCH}"), &key, None).await,
                        _ => {
                            ask(
                                Method::POST,
                                &format!("{url}{CREATE}"),
                                &key,
                                Some(json!({"name": format!("{worker}-{count}")})),
                            )
                            .await
                        }
                    };
                    assert_eq!(answer.status, 200, "{answer:?}");
                    count += 1;
                    stale += u32::from(answer.stale);
                    slowest = slowest.max(answer.took);
                }
                (count, stale, slowest)
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    auth.server.kill();
    // Long enough that the last answer is stale by far.
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    let health = format!("{}/health", registry.url);
    let degraded = ask(Method::GET, &health, "", None).await;
    assert_eq!(
        (degraded.status.as_u16(), &degraded.body["status"]),
        (200, &json!("degraded"))
    );
    let never_seen = registry.search(&unseen).await;
    assert_eq!(
        (never_seen.status.as_u16(), &never_seen.body["code"]),
        (503, &json!("store-down"))
    );
    let delete = ask(
        Method::POST,
        &format!("{}{DELETE}", registry.url),
        &key,
        Some(json!({"experiment_id": "0"})),
    )
    .await;
    assert_eq!(
        delete.status, 503,
        "a deletion is never done on a stale verdict"
    );
    auth.again();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    is_over.store(true, Ordering::Relaxed);
    let (mut stale, mut slowest) = (0, Duration::ZERO);
    for worker in load {
        let (count, its_stale, its_slowest) = worker.await.unwrap();
        assert!(count > 0);
        stale += its_stale;
        slowest = slowest.max(its_slowest);
    }
    println!("{stale} answers were stale, the slowest took {slowest:?}");
    assert!(stale > 0, "the outage was never noticed");
    let healed = ask(Method::GET, &health, "", None).await;
    assert_eq!(
        (healed.status.as_u16(), &healed.body["status"]),
        (200, &json!("OK"))
    );
    let again = registry.search(&unseen).await;
    assert_eq!(
        (again.status.as_u16(), again.stale),
        (200, false),
        "no restart is needed"
    );
    assert_eq!(registry.search(&key).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn security_3_a_replica_that_is_cut_off_accepts_nothing_after_the_bound() {
    let auth = Auth::start(Some(hokusai_testkit::whole_postgres_database()));
    let cut_off = auth.replica();
    let window = Duration::from_secs(3);
    let registry = auth.registry(cut_off.url("auth"), window.as_secs()).await;
    let (key, id) = auth.key().await;
    assert_eq!(registry.search(&key).await.status, 200);
    // It keeps its connections open and answers nothing: what a firewall that drops packets looks like.
    cut_off.signal("-STOP");
    let stopped = Instant::now();
    assert_eq!(auth.revoke(&id).await.status, 200);
    let mut last_accepted = Duration::ZERO;
    let mut last = registry.search(&key).await;
    while last.status != 503 {
        assert_eq!(last.status, 200, "{last:?}");
        assert!(last.took < Duration::from_secs(2), "{last:?}");
        last_accepted = stopped.elapsed();
        assert!(last_accepted < Duration::from_secs(20), "{last:?}");
        last = registry.search(&key).await;
    }
    println!("the last acceptance came {last_accepted:?} after the cut, the window is {window:?}");
    assert!(
        last_accepted <= window + Duration::from_millis(200),
        "{last_accepted:?}"
    );
    let (one, two, three) = tokio::join!(
        registry.search(&key),
        registry.search(&key),
        registry.search(&key)
    );
    for late in [one, two, three] {
        assert_eq!(
            (late.status.as_u16(), &late.body["code"]),
            (503, &json!("store-down"))
        );
        assert!(late.took < Duration::from_secs(7), "{:?}", late.took);
    }
    cut_off.signal("-CONT");
    let healed = Instant::now();
    while registry.search(&key).await.status != 401 {
        assert!(
            healed.elapsed() < Duration::from_secs(10),
            "{}",
            registry.server.log()
        );
    }
}

/// Serves on a free port.
async fn fake(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind(ANY).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn security_3_who_only_looks_like_an_auth_service_gets_503_and_nothing_is_written() {
    let auth = Auth::start(None);
    let (credential, _) = mint(
        &auth.url,
        &auth.admin,
        json!({"name": "registry", "scopes": ["keys:validate"]}),
    )
    .await;
    let (key, _) = auth.key().await;
    let (headers, verdict) = real_verdict(&auth.url, &credential, &key).await;
    let real = auth.url.clone();
    let fakes = [
        (
            "is_valid",
            Router::new().fallback(|| async { axum::Json(json!({"is_valid": true})) }),
        ),
        (
            "redirect",
            Router::new().fallback(move |uri: axum::http::Uri| {
                let location = format!("{real}{uri}");
                async move { (StatusCode::FOUND, [("location", location)]) }
            }),
        ),
        (
            "replay",
            Router::new().fallback(move || {
                let (headers, verdict) = (headers.clone(), verdict.clone());
                async move { (headers, verdict).into_response() }
            }),
        ),
        (
            "denial",
            Router::new().fallback(|| async { (StatusCode::UNAUTHORIZED, "no") }),
        ),
    ];
    for (what, router) in fakes {
        let url = fake(router).await;
        let folder = tempfile::tempdir().unwrap();
        let key_file = folder.path().join("registry.key");
        std::fs::write(&key_file, &credential).unwrap();
        let mut registry = Registry::start(folder, &url, &key_file, 60);
        let refused = registry.create(&key, "planted").await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["code"]),
            (503, &json!("store-down")),
            "{what}"
        );
        assert_eq!(registry.server.stop(), Some(0));
        let data = registry.folder.path().join("data").display().to_string();
        let open = Server::start(
            registry.folder.path(),
            &[
                "registry",
                "--no-auth",
                "--registry-listen",
                ANY,
                "--data-dir",
                &data,
            ],
            1,
        );
        let kept = ask(
            Method::GET,
            &format!(
                "{}/api/2.0/mlflow/experiments/search?max_results=10",
                open.url("registry")
            ),
            "",
            None,
        )
        .await;
        let names: Vec<&str> = kept.body["experiments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Default"], "{what}");
    }
}

/// A real answer with its signature, for a nonce of ours.
async fn real_verdict(url: &str, credential: &str, key: &str) -> (HeaderMap, String) {
    let response = client()
        .post(format!("{url}/api/v1/keys/validate"))
        .bearer_auth(key)
        .header("x-hokusai-service-key", credential)
        .header("x-hokusai-nonce", "old")
        .json(&json!({"spend": false}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let mut headers = HeaderMap::new();
    let name = "x-hokusai-verdict-signature";
    headers.insert(name, response.headers()[name].clone());
    let text = response.text().await.unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap()["is_valid"],
        true
    );
    (headers, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn security_3_no_proxy_is_asked_whatever_the_environment_says() {
    let auth = Auth::start(None);
    let (credential, _) = mint(
        &auth.url,
        &auth.admin,
        json!({"name": "registry", "scopes": ["keys:validate"]}),
    )
    .await;
    let (key, _) = auth.key().await;
    let proxy = std::net::TcpListener::bind(ANY).unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let names = ["http_proxy", "https_proxy", "all_proxy"];
    let mut environment: Vec<(String, &str)> = Vec::new();
    for name in names {
        environment.push((name.to_owned(), &address));
        environment.push((name.to_uppercase(), &address));
    }
    let environment: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(place("registry.key"), &credential).unwrap();
    let (data, file) = (place("data"), place("registry.key"));
    let all = [
        "registry",
        "--registry-listen",
        ANY,
        "--data-dir",
        &data,
        "--auth-url",
        &auth.url,
        "--auth-key-file",
        &file,
    ];
    let server = Server::start_within(folder.path(), &all, 1, &environment);
    let url = server.url("registry").to_owned();
    let answer = ask(Method::GET, &format!("{url}{SEARCH}"), &key, None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(proxy.accept().is_err(), "the proxy was asked");
}

#[test]
fn security_3_keys_go_nowhere_in_clear_and_a_window_beyond_its_bound_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, said) in [
        (vec!["--auth-url", "http://auth.example.com"], "use https"),
        (
            vec!["--auth-url", "https://u:p@auth.example.com"],
            "must not hold a user name",
        ),
        (
            vec![
                "--auth-url",
                "https://auth.example.com",
                "--auth-stale-window",
                "301",
            ],
            "301",
        ),
        (
            vec!["--auth-url", "https://auth.example.com"],
            "auth-key-file",
        ),
        (vec![], "must know where that is"),
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_hokusai"))
            .env_clear()
            .args(["serve", "registry", "--data-dir"])
            .arg(folder.path().join("data"))
            .args(["--registry-listen", ANY])
            .args(&arguments)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
    }
}
