//! The built binary as a running process, and an HTTP client that talks to it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// A running `hokusai serve …`. It is killed when the test is done with it.
pub(crate) struct Server {
    child: Child,
    urls: Vec<(String, String)>,
    log: std::path::PathBuf,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts and waits until each of `count` services announced itself.
    pub(crate) fn start(folder: &Path, arguments: &[&str], count: usize) -> Self {
        Self::start_logging(folder, arguments, count, "info")
    }

    /// The same, with a filter of the log.
    pub(crate) fn start_logging(
        folder: &Path,
        arguments: &[&str],
        count: usize,
        filter: &str,
    ) -> Self {
        Self::start_within(folder, arguments, count, &[("HOKUSAI_LOG", filter)])
    }

    /// The same with an environment of its own.
    pub(crate) fn start_within(
        folder: &Path,
        arguments: &[&str],
        count: usize,
        environment: &[(&str, &str)],
    ) -> Self {
        let log = folder.join(format!("log-{}", unique()));
        let mut child = Command::new(env!("CARGO_BIN_EXE_hokusai"))
            .env_clear()
            .envs(environment.iter().copied())
            .arg("serve")
            .args(arguments)
            .arg("--announce")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut urls = Vec::new();
        for _ in 0..count {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            let announced: Value = serde_json::from_str(&line)
                .unwrap_or_else(|_| panic!("{line:?} {}", std::fs::read_to_string(&log).unwrap()));
            let text = |field: &str| announced[field].as_str().unwrap().to_owned();
            urls.push((text("service"), text("url")));
        }
        Self {
            child,
            urls,
            log,
            _stdout: stdout,
        }
    }

    pub(crate) fn url(&self, service: &str) -> &str {
        let (_, url) = self.urls.iter().find(|(name, _)| name == service).unwrap();
        url
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -STOP`, `-CONT`, `-TERM` …
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Ends as an operator would end it; gives the exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.signal("-TERM");
        self.child.wait().unwrap().code()
    }

    pub(crate) fn log(&self) -> String {
        let mut text = String::new();
        std::fs::File::open(&self.log)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) stale: bool,
    pub(crate) body: Value,
    pub(crate) took: Duration,
}

/// Asks with a key.
pub(crate) async fn ask(method: Method, url: &str, key: &str, body: Option<Value>) -> Answer {
    let mut request = client().request(method, url).bearer_auth(key);
    if let Some(body) = body {
        request = request.json(&body);
    }
    send(request).await
}

async fn send(request: RequestBuilder) -> Answer {
    let started = Instant::now();
    let response = request.send().await.unwrap();
    let status = response.status();
    let stale = response
        .headers()
        .get("x-hokusai-auth")
        .is_some_and(|value| value == "stale");
    let text = response.text().await.unwrap();
    Answer {
        status,
        stale,
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
        took: started.elapsed(),
    }
}

/// Makes a key; answers the raw key and its id.
pub(crate) async fn mint(auth: &str, admin: &str, body: Value) -> (String, String) {
    let made = ask(
        Method::POST,
        &format!("{auth}/api/v1/keys"),
        admin,
        Some(body),
    )
    .await;
    assert_eq!(made.status, 200, "{made:?}");
    let text = |field: &str| made.body[field].as_str().unwrap().to_owned();
    (text("api_key"), text("key_id"))
}

pub(crate) fn client() -> Client {
    // Fails when another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        // Reading the system's authorities takes longer than what is measured.
        .tls_certs_only([])
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

pub(crate) fn read_key(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}

fn unique() -> u32 {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
