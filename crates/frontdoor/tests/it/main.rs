//! The front door over real sockets, with real targets behind it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failure in a test's helper is the test's failure"
)]

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use hokusai_frontdoor::door::{Config, FrontDoor};
use hokusai_routes::reader;
use hokusai_routes::source::Source;
use hokusai_wire::client_addr::TrustedProxies;
use hokusai_wire::limits::Limits;
use hokusai_wire::serve::{Options, serve};
use hokusai_wire::shutdown::{self, Shutdown, Trigger};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A target that answers with its name and what it was sent; below `/hang` it never answers.
async fn target(name: &'static str, shutdown: Shutdown) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = tower::service_fn(move |request: Request<Incoming>| async move {
        let (parts, body) = request.into_parts();
        if parts.uri.path() == "/hang" {
            std::future::pending::<()>().await;
        }
        let body = body.collect().await.unwrap().to_bytes();
        let told = format!(
            "{name} {} {} {} {:?}",
            parts.method,
            parts.uri,
            body.len(),
            parts.headers
        );
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(told)))
    });
    let options = Options {
        answered_by: name,
        limits: Limits::default(),
        tls: None,
        allowed_hosts: None,
    };
    tokio::spawn(serve(listener, service, options, shutdown));
    address
}

struct World {
    address: SocketAddr,
    _trigger: Trigger,
}

impl World {
    async fn new() -> Self {
        let (trigger, shutdown) = shutdown::channel();
        let auth = target("auth", shutdown.clone()).await;
        let registry = target("registry", shutdown.clone()).await;
        let text = format!(
            r#"
[[listener]]
name = "main"
protocol = "http"
port = 80
[[listener.rule]]
name = "auth"
priority = 10
host = ["auth.example.com"]
forward = "auth"
[[listener.rule]]
name = "registry"
priority = 20
host = ["registry.example.com"]
forward = "registry"
[target_group.auth]
targets = ["{auth}"]
max_in_flight = 1
response_timeout_ms = 50
health = {{ enabled = false }}
[target_group.registry]
targets = ["{registry}"]
health = {{ enabled = false }}
"#
        );
        let reading = reader::toml::read(&Source::new(0, "routes.toml", text));
        assert!(reading.is_complete(), "{:?}", reading.findings);
        let mut table = reading.table;
        table.listeners[0].port = 0;
        let config = Config {
            table,
            trusted_proxies: TrustedProxies::default(),
            limits: Limits::default(),
        };
        let door = FrontDoor::start(config, shutdown).await.unwrap();
        Self {
            address: door.addresses[0].1,
            _trigger: leak(door, trigger),
        }
    }

    async fn exchange(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn get(&self, host: &str, path: &str) -> String {
        self.exchange(&format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ))
        .await
    }
}

/// The door runs on its own until its trigger is dropped.
fn leak(door: FrontDoor, trigger: Trigger) -> Trigger {
    tokio::spawn(door.stopped());
    trigger
}

#[tokio::test]
async fn each_host_reaches_its_group_and_nothing_else_is_guessed() {
    let world = World::new().await;
    assert!(
        world
            .get("auth.example.com", "/api/x?y=1")
            .await
            .contains("auth GET /api/x?y=1 0")
    );
    assert!(
        world
            .get("registry.example.com:8080", "/api")
            .await
            .contains("registry GET /api 0")
    );
    let unknown = world.get("other.example.com", "/api").await;
    assert!(unknown.starts_with("HTTP/1.1 404 "), "{unknown}");
    assert!(
        unknown.contains("x-hokusai-answered-by: front-door"),
        "{unknown}"
    );
    assert!(
        unknown.contains("no rule matches host `other.example.com` and path `/api`"),
        "{unknown}"
    );
}

#[tokio::test]
async fn spoofed_headers_do_not_pass() {
    let world = World::new().await;
    let request = "GET / HTTP/1.1\r\nHost: registry.example.com\r\nX-Forwarded-For: 1.2.3.4\r\nX-Hokusai-User-Id: root\r\nConnection: close\r\n\r\n";
    let answer = world.exchange(request).await;
    assert!(
        answer.contains("\"x-forwarded-for\": \"127.0.0.1\""),
        "{answer}"
    );
    assert!(
        !answer.contains("1.2.3.4") && !answer.contains("root"),
        "{answer}"
    );
}

#[tokio::test]
async fn what_is_ambiguous_stops_at_the_door() {
    let world = World::new().await;
    for request in [
        "GET /a/../b HTTP/1.1\r\nHost: auth.example.com\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: auth.example.com\r\nHost: registry.example.com\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: auth.example.com\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        let answer = world
            .exchange(&format!(
                "{request}GET / HTTP/1.1\r\nHost: auth.example.com\r\n\r\n"
            ))
            .await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
}

#[tokio::test]
async fn a_group_that_hangs_costs_nobody_else() {
    let world = World::new().await;
    let (hung, other) = tokio::join!(
        world.get("auth.example.com", "/hang"),
        world.get("registry.example.com", "/"),
    );
    assert!(hung.starts_with("HTTP/1.1 504 "), "{hung}");
    assert!(other.contains("registry GET / 0"), "{other}");
}

#[tokio::test]
async fn bodies_pass_in_both_framings() {
    let world = World::new().await;
    let sized = "PUT /a HTTP/1.1\r\nHost: registry.example.com\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    assert!(world.exchange(sized).await.contains("registry PUT /a 5"));
    let chunked = "PUT /a HTTP/1.1\r\nHost: registry.example.com\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\n";
    assert!(world.exchange(chunked).await.contains("registry PUT /a 3"));
}
