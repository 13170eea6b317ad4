//! Tunnels: over HTTP/1.1 only, and only after a valid 101 (security 16).

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::world::{RULES, World};

const OPENING: &str = "GET /ws HTTP/1.1\r\nHost: auth.example.com\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const ACCEPTED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A target that answers every head with these bytes and then echoes; it gives all that it received when its side ends.
async fn echo(answer: &'static str) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            seen.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        let mut buffer = [0; 1024];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            seen.extend_from_slice(&buffer[..count]);
            if stream.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
        String::from_utf8_lossy(&seen).into_owned()
    });
    (address, task)
}

async fn world(target: SocketAddr) -> World {
    let rules = RULES
        .replace("{auth}", &target.to_string())
        .replace("response_timeout_ms = 50", "response_timeout_ms = 2000");
    World::with_rules(&rules).await
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn bytes_pass_both_ways_after_a_valid_101() {
    let (target, task) = echo(ACCEPTED).await;
    let world = world(target).await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(OPENING.as_bytes()).await.unwrap();
    let head = read_head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    for piece in ["ping", "GET / HTTP/1.1\r\n\r\n"] {
        stream.write_all(piece.as_bytes()).await.unwrap();
        let mut back = vec![0; piece.len()];
        stream.read_exact(&mut back).await.unwrap();
        assert_eq!(back, piece.as_bytes());
    }
    // The tunnel holds its place in the group, and gives it back.
    world
        .until(|status| status.current.groups[0].in_flight == 1)
        .await;
    drop(stream);
    let seen = task.await.unwrap();
    assert!(
        seen.contains("upgrade: websocket") && seen.ends_with("GET / HTTP/1.1\r\n\r\n"),
        "{seen}"
    );
    world
        .until(|status| status.current.groups[0].in_flight == 0)
        .await;
}

#[tokio::test]
async fn security_16_without_a_valid_101_there_is_no_tunnel() {
    for (answer, status) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403),
        // The accept value of another key.
        (
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
            502,
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            502,
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            502,
        ),
    ] {
        let (target, task) = echo(answer).await;
        let world = world(target).await;
        let second =
            "GET /second HTTP/1.1\r\nHost: registry.example.com\r\nConnection: close\r\n\r\n";
        let told = world.exchange(format!("{OPENING}{second}")).await;
        assert!(
            told.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}: {told}"
        );
        // What stands behind it is a request of its own, for whom its Host says.
        assert!(told.contains("registry GET /second"), "{answer}: {told}");
        drop(world);
        let seen = task.await.unwrap();
        assert!(!seen.contains("second"), "{answer}: {seen}");
    }
}

#[tokio::test]
async fn a_target_that_switches_protocols_unasked_is_cut() {
    let (target, _task) = echo(ACCEPTED).await;
    let world = world(target).await;
    let answer = world.get("auth.example.com", "/").await;
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
}

#[tokio::test]
async fn an_opening_that_is_not_one_is_refused() {
    let (target, _task) = echo(ACCEPTED).await;
    let world = world(target).await;
    for (from, to) in [
        ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 12"),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
        ("GET /ws", "POST /ws"),
        ("Connection: keep-alive, Upgrade", "Connection: close"),
    ] {
        let opening = OPENING.replace(from, to);
        let close = "GET /x HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n";
        let answer = world.exchange(format!("{opening}{close}")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{to}: {answer}");
    }
}
