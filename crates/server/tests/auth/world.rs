//! An auth service on a fresh database, with a clock that only tests move.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use hokusai_core::access::Scope;
use hokusai_core::clock::Clock;
use hokusai_core::key::{ApiKey, Environment, KeyRecord};
use hokusai_core::random::Random;
use hokusai_server::auth::service::AuthService;
use hokusai_server::authority::stale::StaleWindow;
use hokusai_store::keys;
use hokusai_store::statement::{Schema, Statement};
use hokusai_store::{Location, Store, StoreError, StoreOptions};
use hokusai_testkit::{Backend, TestDatabase};
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub(crate) struct World {
    pub(crate) service: AuthService,
    pub(crate) clock: Arc<HandClock>,
    router: Router,
    pub(crate) admin: String,
    pub(crate) database: TestDatabase,
}

pub(crate) struct HandClock(AtomicI64);

pub(crate) struct OsRandom;

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl HandClock {
    pub(crate) fn forward_ms(&self, by: i64) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        self.now_ms().unsigned_abs()
    }
}

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

impl Answer {
    pub(crate) fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }
}

impl World {
    pub(crate) async fn new(backend: Backend) -> Self {
        let database = TestDatabase::new(backend);
        let store = open(database.location()).await;
        let clock = Arc::new(HandClock(AtomicI64::new(1_800_000_000_000)));
        let admin = ApiKey::generate(Environment::Live, &OsRandom);
        let record = record("root", &admin, "admin", &[Scope::Admin], clock.now_ms());
        let first = record.clone();
        let stored = store
            .write(move |tx| keys::bootstrap(tx, &first))
            .await
            .unwrap();
        assert!(stored);
        let again: Result<bool, StoreError> =
            store.write(move |tx| keys::bootstrap(tx, &record)).await;
        assert!(!again.unwrap(), "bootstrap happens once");
        let handed: Arc<dyn Clock> = clock.clone();
        let service = AuthService::open(store, handed, Arc::new(OsRandom), StaleWindow::default())
            .await
            .unwrap();
        Self {
            router: hokusai_server::auth::router(&service),
            service,
            clock,
            admin: admin.reveal().to_owned(),
            database,
        }
    }

    /// Sends a request from `peer`.
    pub(crate) async fn send(&self, request: Request<Body>, peer: &str) -> Answer {
        let mut request = request;
        let peer: IpAddr = peer.parse().unwrap();
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::new(peer, 4711)));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        Answer {
            status,
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    /// A request with a key and, unless null, a JSON body, from 127.0.0.1.
    pub(crate) async fn ask(&self, method: &str, path: &str, key: &str, body: Value) -> Answer {
        self.send(
            request(
                method,
                path,
                &[("authorization", &format!("Bearer {key}"))],
                &body,
            ),
            HOME,
        )
        .await
    }

    /// Makes a key as `by`; answers the raw key and its id.
    pub(crate) async fn mint(&self, by: &str, body: Value) -> (String, String) {
        let made = self.ask("POST", "/api/v1/keys", by, body).await;
        assert_eq!(made.status, 200, "{}", made.body);
        assert_eq!(made.body["key_id"], made.body["key_info"]["key_id"]);
        (
            made.text("api_key").to_owned(),
            made.text("key_id").to_owned(),
        )
    }

    /// Every byte that the database keeps.
    pub(crate) async fn everything_kept(&self) -> Vec<Vec<u8>> {
        if self.database.postgres().is_some() {
            return self.rows().await;
        }
        std::fs::read_dir(self.database.directory().join("data"))
            .unwrap()
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect()
    }

    async fn rows(&self) -> Vec<Vec<u8>> {
        let mut rows = Vec::new();
        for table in [
            "auth_state",
            "api_keys",
            "usage_counters",
            "usage_reports",
            "usage_seen",
            "audit",
        ] {
            let sql = format!("SELECT CAST(t AS TEXT) FROM {table} t");
            let statement = Arc::new(Statement::built(Schema::Auth, "DUMP", sql));
            let read: Result<Vec<_>, StoreError> = self
                .service
                .store()
                .read(move |tx| {
                    tx.query(&statement, &[])?
                        .iter()
                        .map(|row| Ok(row.text(0)?.into_bytes()))
                        .collect()
                })
                .await;
            rows.extend(read.unwrap());
        }
        assert!(!rows.is_empty());
        rows
    }

    /// Asks anonymously whether a key is good.
    pub(crate) async fn validate(&self, key: &str, body: Value) -> Answer {
        self.ask("POST", "/api/v1/keys/validate", key, body).await
    }
}

pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    if body.is_null() {
        return builder.body(Body::empty()).unwrap();
    }
    let bytes = body.to_string();
    builder
        .header("content-type", "application/json")
        .header("content-length", bytes.len())
        .body(Body::from(bytes))
        .unwrap()
}

/// The auth service's database.
pub(crate) async fn open(location: Location) -> Store {
    let options = StoreOptions::new(location, Schema::Auth);
    // The PostgreSQL client must not run inside a task.
    tokio::task::spawn_blocking(move || Store::open(&options))
        .await
        .unwrap()
        .unwrap()
}

/// A key that was never made here.
pub(crate) fn stranger() -> String {
    ApiKey::generate(Environment::Live, &OsRandom)
        .reveal()
        .to_owned()
}

/// What a key for `user` may be asked for with.
pub(crate) fn wanted(user: &str, scopes: &[&str]) -> Value {
    json!({"name": "test", "user_id": user, "scopes": scopes})
}

pub(crate) fn record(
    id: &str,
    key: &ApiKey,
    owner: &str,
    scopes: &[Scope],
    now_ms: i64,
) -> KeyRecord {
    KeyRecord {
        id: id.to_owned(),
        hash: key.hash(),
        name: id.to_owned(),
        prefix: key.shown(),
        owner: owner.to_owned(),
        service_id: "platform".to_owned(),
        environment: Environment::Live,
        scopes: scopes.to_vec(),
        allowed_ips: Vec::new(),
        rate_limit: None,
        created_at_ms: now_ms,
        expires_at_ms: None,
        revoked_at_ms: None,
        last_used_at_ms: None,
        rotated_to: None,
        chain_id: id.to_owned(),
        last_refusal: None,
    }
}

pub(crate) const HOME: &str = "127.0.0.1";
