//! A listener whose service writes down what reaches it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hokusai_wire::limits::Limits;
use hokusai_wire::serve::{Options, serve};
use hokusai_wire::shutdown::{self, Trigger};
use hokusai_wire::tls::Tls;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running listener and its notes.
pub(crate) struct Recorder {
    pub(crate) address: SocketAddr,
    notes: Arc<Mutex<Vec<String>>>,
    pub(crate) trigger: Trigger,
    pub(crate) task: JoinHandle<()>,
}

impl Recorder {
    pub(crate) async fn start(limits: Limits) -> Self {
        Self::start_with(limits, None).await
    }

    pub(crate) async fn start_with(limits: Limits, tls: Option<Tls>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let notes = Arc::new(Mutex::new(Vec::new()));
        let service = {
            let notes = Arc::clone(&notes);
            tower::service_fn(move |request: Request<Incoming>| {
                let notes = Arc::clone(&notes);
                async move { Ok::<_, Infallible>(record(request, &notes).await) }
            })
        };
        let options = Options {
            answered_by: "test",
            limits,
            tls,
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

    /// Method, target and body of what reached the service.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap().clone()
    }

    /// Sends bytes as they are and reads until the other side closes.
    pub(crate) async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        read_to_end(&mut stream).await
    }

    /// The same, one byte in each packet.
    pub(crate) async fn exchange_slowly(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        for byte in bytes.chunks(1) {
            // The other side may have refused and closed already.
            if stream.write_all(byte).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        read_to_end(&mut stream).await
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn record(request: Request<Incoming>, notes: &Mutex<Vec<String>>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    let body = body.map_or("<broken>".to_owned(), |body| {
        String::from_utf8_lossy(&body).into_owned()
    });
    notes
        .lock()
        .unwrap()
        .push(format!("{} {} {body}", parts.method, parts.uri));
    Response::new(Full::from("served"))
}
