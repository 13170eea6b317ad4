//! A registry without keys, reached by function call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use hokusai_artifacts::{Artifacts, Limits};
use hokusai_core::clock::Clock;
use hokusai_core::random::Random;
use hokusai_server::registry::{RegistryState, router};
use hokusai_store::statement::Schema;
use hokusai_store::{Location, Store, StoreOptions};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

pub(crate) struct App {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) clock: Arc<StillClock>,
    router: Router,
    /// A run, when there is one.
    pub(crate) run: String,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn ok(&self) -> Value {
        assert_eq!(
            self.status,
            StatusCode::OK,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self.json()
    }

    pub(crate) fn error(&self) -> (u16, String, String) {
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), text("error_code"), text("message"))
    }
}

impl App {
    pub(crate) fn new() -> Self {
        Self::limited(0, None)
    }

    /// One that keeps so much free, and takes no more than so much.
    pub(crate) fn limited(free_space_floor_bytes: u64, upload_quota_bytes: Option<u64>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::Sqlite {
            directory: directory.path().join("data"),
        };
        let store = Store::open(&StoreOptions::new(location, Schema::Registry)).unwrap();
        let limits = Limits {
            free_space_floor_bytes,
            ..Limits::default()
        };
        let place = directory.path().join("artifacts");
        let artifacts = Artifacts::open_directory(&place, limits, SystemTime::UNIX_EPOCH).unwrap();
        let (clock, random) = (
            Arc::new(StillClock::default()),
            Arc::new(Counting::default()),
        );
        let state = RegistryState::new(store.clone(), artifacts, clock.clone(), random)
            .with_upload_quota(upload_quota_bytes);
        Self {
            directory,
            store,
            clock,
            router: router(state, None),
            run: String::new(),
        }
    }

    /// A registry with a run that may own artifacts.
    pub(crate) async fn with_run() -> Self {
        Self::new().and_run().await
    }

    /// The same with a run that may own artifacts.
    pub(crate) async fn and_run(mut self) -> Self {
        let run = self
            .call(
                "POST",
                "runs/create",
                serde_json::json!({"experiment_id": "0"}),
            )
            .await
            .ok();
        run["run"]["info"]["run_id"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.run);
        self
    }

    /// A path below the run's artifacts.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("0/{}/artifacts/{path}", self.run)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// A JSON request to `/api/2.0/mlflow/…`; a GET takes `body` as its query string.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        let path = format!("/api/2.0/mlflow/{path}");
        let request = if method == "GET" {
            let query: Vec<String> = body.as_object().into_iter().flatten().map(pair).collect();
            Request::get(format!("{path}?{}", query.join("&"))).body(Body::empty())
        } else {
            Request::builder()
                .method(method)
                .uri(path)
                .header("content-type", "application/json")
                .body(Body::from(body.to_string()))
        };
        self.send(request.unwrap()).await
    }

    /// A request to the artifact store; `path` goes into the URL as it is.
    pub(crate) async fn artifact(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let uri = format!("/api/2.0/mlflow-artifacts/artifacts/{path}");
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .body(Body::from(body.to_vec()));
        self.send(request.unwrap()).await
    }
}

fn pair((name, value): (&String, &Value)) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
    format!("{name}={encoded}")
}

/// Stands still until a test moves it.
#[derive(Default)]
pub(crate) struct StillClock(AtomicU64);

impl StillClock {
    pub(crate) fn advance_ms(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }
}

impl Clock for StillClock {
    fn now_ms(&self) -> i64 {
        1_700_000_000_000
    }

    fn monotonic_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Default)]
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
    }
}
