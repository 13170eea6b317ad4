//! Bounds of a listener, each with its reason.

use std::time::Duration;

/// What one listener grants to its clients.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections; further ones wait in the kernel's backlog.
    pub max_connections: usize,
    /// From the first byte of a request head to its last.
    pub head_read_timeout: Duration,
    /// Silence between two requests of a connection.
    pub keep_alive_idle: Duration,
    /// Silence within a request body that somebody waits for.
    pub body_idle: Duration,
    /// How long a client may leave an answer unread.
    pub write_idle: Duration,
    /// Bytes of a request line.
    pub max_request_line_bytes: usize,
    /// Bytes of a request head.
    pub max_head_bytes: usize,
    /// Header lines of a request.
    pub max_headers: usize,
    /// Streams that one HTTP/2 connection may have open.
    pub max_h2_streams: u32,
    /// From the request to stop to the closing of what still runs.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: MAX_CONNECTIONS,
            head_read_timeout: HEAD_READ_TIMEOUT,
            keep_alive_idle: KEEP_ALIVE_IDLE,
            body_idle: BODY_IDLE,
            write_idle: WRITE_IDLE,
            max_request_line_bytes: MAX_REQUEST_LINE_BYTES,
            max_head_bytes: MAX_HEAD_BYTES,
            max_headers: MAX_HEADERS,
            max_h2_streams: MAX_H2_STREAMS,
            drain: DRAIN,
        }
    }
}

/// A few hundred training jobs with pools of ten; at some 30 KiB each still under 256 MiB in the worst case.
pub const MAX_CONNECTIONS: usize = 8192;
/// A head fits in a few packets; more time than this only helps those who hold connections open.
pub const HEAD_READ_TIMEOUT: Duration = Duration::from_secs(15);
/// Longer than the 60 s after which a load balancer drops its side, so that it never writes into a closing connection.
pub const KEEP_ALIVE_IDLE: Duration = Duration::from_secs(75);
/// The load balancer's idle timeout.
pub const BODY_IDLE: Duration = Duration::from_mins(1);
/// The same: who does not read holds a place that others wait for.
pub const WRITE_IDLE: Duration = Duration::from_mins(1);
/// The load balancer's limit of a request line.
pub const MAX_REQUEST_LINE_BYTES: usize = 16 * 1024;
/// The load balancer's limit of all request headers.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;
/// What the parser behind the gate reads without allocating.
pub const MAX_HEADERS: usize = 100;
/// Enough for a browser and a batch client, little enough for the memory of one connection.
pub const MAX_H2_STREAMS: u32 = 128;
/// Streams reset before they were accepted, after which the connection is closed (rapid reset).
pub(crate) const MAX_H2_PENDING_RESETS: usize = 20;
/// Streams that we reset for a client's faults before the connection is closed.
pub(crate) const MAX_H2_LOCAL_RESETS: usize = 128;
/// Below the 30 s that orchestrators commonly grant between the request to stop and the kill.
pub const DRAIN: Duration = Duration::from_secs(25);
/// How often a connection looks at its own clock; its timeouts are that much coarser.
pub(crate) const TICK: Duration = Duration::from_secs(2);
/// How long a refused client may take to read its answer before the connection is cut.
pub(crate) const LINGER: Duration = Duration::from_secs(1);
/// Bytes of a chunk extension; nobody we know sends any.
pub(crate) const MAX_CHUNK_EXTENSION_BYTES: usize = 256;
/// Bytes of all trailers of a request, which are read past and dropped.
pub(crate) const MAX_TRAILER_BYTES: usize = 8 * 1024;
