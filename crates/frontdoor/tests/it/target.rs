//! Targets: real servers that say who they are and what they were sent.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hokusai_wire::limits::Limits;
use hokusai_wire::serve::{Options, serve};
use hokusai_wire::shutdown::{self, Trigger};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::net::TcpListener;

/// A running target; gone when it is dropped.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    notes: Arc<Mutex<Vec<String>>>,
    trigger: Trigger,
    task: tokio::task::JoinHandle<()>,
}

impl Target {
    pub(crate) async fn start(name: &'static str) -> Self {
        Self::start_at(name, "127.0.0.1:0".parse().unwrap()).await
    }

    pub(crate) async fn start_at(name: &'static str, address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let notes = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&notes);
        let service = tower::service_fn(move |request| {
            let notes = Arc::clone(&kept);
            async move { Ok::<_, Infallible>(answer(name, request, &notes).await) }
        });
        let options = Options {
            answered_by: name,
            limits: Limits {
                drain: Duration::ZERO,
                ..Limits::default()
            },
            tls: None,
            allowed_hosts: None,
        };
        let (trigger, shutdown) = shutdown::channel();
        let task = tokio::spawn(serve(listener, service, options, shutdown));
        Self {
            address,
            notes,
            trigger,
            task,
        }
    }

    /// Method and target of all requests but those of health checks.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap().clone()
    }

    pub(crate) async fn kill(self) {
        self.trigger.request();
        let _ = self.task.await;
    }
}

/// Below `/hang` it never answers, below `/slow` after 50 ms; `/app-session` sets a cookie.
async fn answer(
    name: &str,
    request: Request<Incoming>,
    notes: &Mutex<Vec<String>>,
) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    if !parts.headers.contains_key("user-agent") {
        notes
            .lock()
            .unwrap()
            .push(format!("{} {}", parts.method, parts.uri));
    }
    match parts.uri.path() {
        "/hang" => std::future::pending().await,
        "/slow" => tokio::time::sleep(Duration::from_millis(50)).await,
        _ => {}
    }
    let body = body.collect().await;
    let body = body.map_or("<broken>".into(), |body| {
        String::from_utf8_lossy(&body.to_bytes()).into_owned()
    });
    let told = format!(
        "{name} {} {} {body:?} {:?}",
        parts.method, parts.uri, parts.headers
    );
    let mut response = Response::new(Full::from(told));
    let headers = response.headers_mut();
    headers.insert("x-hokusai-answered-by", "front-door".parse().unwrap());
    if parts.uri.path() == "/app-session" {
        headers.insert("set-cookie", "session=1; Path=/".parse().unwrap());
    }
    response
}
