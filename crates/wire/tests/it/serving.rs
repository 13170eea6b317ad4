//! Limits, HTTP/2 and the way to stop.

use std::time::Duration;

use bytes::Bytes;
use hokusai_wire::limits::Limits;
use http::{Request, Version};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::recorder::Recorder;

#[tokio::test]
async fn long_request_lines_and_heads_are_told_so() {
    let recorder = Recorder::start(Limits::default()).await;
    let line = format!(
        "GET /{} HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "a".repeat(17 * 1024)
    );
    assert!(
        recorder
            .exchange(line.as_bytes())
            .await
            .starts_with("HTTP/1.1 414 ")
    );
    let head = format!(
        "GET / HTTP/1.1\r\nHost: a.test\r\nX: {}\r\n\r\n",
        "a".repeat(65 * 1024)
    );
    assert!(
        recorder
            .exchange(head.as_bytes())
            .await
            .starts_with("HTTP/1.1 431 ")
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: a.test\r\n{}\r\n",
        "X: y\r\n".repeat(100)
    );
    assert!(
        recorder
            .exchange(many.as_bytes())
            .await
            .starts_with("HTTP/1.1 431 ")
    );
    assert_eq!(recorder.notes(), Vec::<String>::new());
}

#[tokio::test]
async fn large_bodies_pass_unchanged() {
    let recorder = Recorder::start(Limits::default()).await;
    let body = "0123456789abcdef".repeat(64 * 1024);
    let request = format!(
        "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n{body}GET /b HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
        body.len()
    );
    recorder.exchange(request.as_bytes()).await;
    assert_eq!(
        recorder.notes(),
        [format!("PUT / {body}"), "GET /b ".to_owned()]
    );
}

#[tokio::test]
async fn http2_requests_pass_the_same_checks() {
    let recorder = Recorder::start(Limits::default()).await;
    let stream = TcpStream::connect(recorder.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let cases = [
        ("http://a.test/a", None, 200),
        ("http://a.test/a", Some("A.test"), 200),
        ("http://a.test/a", Some("b.test"), 400),
        ("http://a.test/a/../b", None, 400),
        ("http://a.test/a%2fb", None, 400),
        ("http://a.test/a%252fb", None, 200),
        ("http://user@a.test/a", None, 400),
    ];
    for (uri, host, status) in cases {
        let mut request = Request::get(uri).version(Version::HTTP_2);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let response = sender
            .send_request(request.body(Empty::<Bytes>::new()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{uri} {host:?}");
        response.into_body().collect().await.unwrap();
    }
    assert_eq!(recorder.notes(), ["GET /a ", "GET /a ", "GET /a%252fb "]);
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut() {
    let limits = Limits {
        head_read_timeout: Duration::from_millis(1),
        ..Limits::default()
    };
    let recorder = Recorder::start(limits).await;
    let mut stream = TcpStream::connect(recorder.address).await.unwrap();
    stream.write_all(b"GET / HT").await.unwrap();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_shutdown_ends_idle_connections_and_the_listener() {
    let recorder = Recorder::start(Limits::default()).await;
    let mut stream = TcpStream::connect(recorder.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        .await
        .unwrap();
    assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
    recorder.trigger.request();
    recorder.task.await.unwrap();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(recorder.address).await.is_err());
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answers_is_cut() {
    let limits = Limits {
        write_idle: Duration::from_millis(1),
        ..Limits::default()
    };
    let recorder = Recorder::start(limits).await;
    let mut stream = TcpStream::connect(recorder.address).await.unwrap();
    let request = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n".repeat(1000);
    // Answers fill the buffers until the other side can't write, and then it stops reading.
    while stream.write_all(request.as_bytes()).await.is_ok() {}
}
