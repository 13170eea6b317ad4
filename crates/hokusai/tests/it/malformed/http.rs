//! Requests byte for byte, since a client library would mend them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The start of the body, as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body)
            .chars()
            .take(300)
            .collect()
    }

    /// What it says to the client; nothing if it is not an error of ours.
    pub(super) fn message(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends a request and reads its answer, which may come before the request is all sent.
pub(super) fn exchange(address: SocketAddr, head: &[u8], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut writing = stream.try_clone().unwrap();
    let mut received = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A server that has heard enough may close.
            let _ = writing
                .write_all(head)
                .and_then(|()| writing.write_all(body));
        });
        let _ = stream.read_to_end(&mut received);
        // Whoever still writes is let go.
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    answer(&received)
}

/// What was received, read as an answer.
pub(super) fn answer(received: &[u8]) -> Answer {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n");
    let parsed = end.and_then(|end| {
        let head = std::str::from_utf8(&received[..end]).ok()?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let body = received[end + 4..].to_vec();
        Some(Answer { status, body })
    });
    // Status 0 stands for no answer, which no row wants.
    parsed.unwrap_or_else(|| Answer {
        status: 0,
        body: received.to_vec(),
    })
}
