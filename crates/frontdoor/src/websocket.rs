//! `WebSocket` over HTTP/1.1: the opening on both sides, and the tunnel between them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hokusai_wire::shutdown::Shutdown;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use ring::digest;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::answer::Refused;
use crate::group::Occupied;

/// Whether a request asks for a tunnel. The gate has seen to it that it is HTTP/1.1, alone in its `Upgrade`, without body.
pub(crate) fn is_asked<B>(request: &Request<B>) -> bool {
    request.version() == Version::HTTP_11 && request.headers().contains_key(UPGRADE)
}

/// The client's key, if its opening is as RFC 6455 4.1 says.
pub(crate) fn key(method: &Method, headers: &HeaderMap) -> Result<HeaderValue, Refused> {
    let is_version_13 = headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_some_and(|version| version == "13");
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
    match (keys.next(), keys.next()) {
        (Some(key), None) if is_version_13 && *method == Method::GET && names_upgrade(headers) => {
            Ok(key.clone())
        }
        _ => Err(Refused::bad_request(
            "a websocket opens with GET, `Connection: Upgrade`, one Sec-WebSocket-Key and `Sec-WebSocket-Version: 13`",
        )),
    }
}

/// Puts back what is only meant for the next hop.
pub(crate) fn ask(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
}

/// Whether a target's 101 is the one answer to `key`; only then does the tunnel open.
pub(crate) fn is_accepted<B>(response: &Response<B>, key: &HeaderValue) -> bool {
    let headers = response.headers();
    let upgrades = headers
        .get(UPGRADE)
        .is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    response.status() == StatusCode::SWITCHING_PROTOCOLS
        && upgrades
        && names_upgrade(headers)
        && headers
            .get(SEC_WEBSOCKET_ACCEPT)
            .is_some_and(|accept| accept.as_bytes() == accept_value(key.as_bytes()).as_bytes())
}

fn names_upgrade(headers: &HeaderMap) -> bool {
    headers.get_all(CONNECTION).iter().any(|line| {
        line.as_bytes()
            .split(|byte| *byte == b',')
            .any(|word| word.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
    })
}

/// RFC 6455 4.2.2.
fn accept_value(key: &[u8]) -> String {
    const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    context.update(key);
    context.update(GUID);
    STANDARD.encode(context.finish())
}

/// Passes bytes both ways until one side ends, both are silent for long, or the door stops. Keeps its place in the group.
pub(crate) async fn tunnel(
    client: OnUpgrade,
    target: OnUpgrade,
    occupied: Occupied,
    mut shutdown: Shutdown,
) {
    let opened = timeout(OPEN_TIMEOUT, both(client, target)).await;
    if let Ok(Some((client, target))) = opened {
        let (client_in, client_out) = tokio::io::split(TokioIo::new(client));
        let (target_in, target_out) = tokio::io::split(TokioIo::new(target));
        tokio::select! {
            () = pass(client_in, target_out) => {}
            () = pass(target_in, client_out) => {}
            () = shutdown.requested() => {}
        }
    }
    drop(occupied);
}

async fn both(
    client: OnUpgrade,
    target: OnUpgrade,
) -> Option<(hyper::upgrade::Upgraded, hyper::upgrade::Upgraded)> {
    let (client, target) = tokio::join!(client, target);
    Some((client.ok()?, target.ok()?))
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut buffer = vec![0; BUFFER_BYTES];
    while let Ok(Ok(count @ 1..)) = timeout(TUNNEL_IDLE, from.read(&mut buffer)).await {
        let piece = buffer.get(..count).unwrap_or_default();
        if !matches!(timeout(TUNNEL_IDLE, to.write_all(piece)).await, Ok(Ok(()))) {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// Both sides have said yes: the hand-over is a matter of one packet.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than common ping intervals (20 to 60 s): a tunnel that is silent for so long in one direction is dead.
const TUNNEL_IDLE: Duration = Duration::from_mins(10);
/// A few frames; each tunnel holds two.
const BUFFER_BYTES: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_value_is_that_of_the_rfc() {
        assert_eq!(
            accept_value(b"dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }
}
