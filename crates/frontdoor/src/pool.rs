//! HTTP/1.1 connections to one target.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::body::RequestBody;

/// What requests are sent through.
pub(crate) type Sender = SendRequest<RequestBody>;

/// The open connections to one target that nobody uses.
#[derive(Debug)]
pub(crate) struct Pool {
    authority: String,
    idle: Mutex<Vec<(Sender, Instant)>>,
}

/// A connection while a request has it.
pub(crate) struct Lease {
    sender: Option<Sender>,
    pool: Arc<Pool>,
}

impl Pool {
    pub(crate) fn new(authority: String) -> Self {
        Self {
            authority,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Where the target is.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// An open connection, the one that was used last.
    pub(crate) async fn reuse(&self) -> Option<Sender> {
        loop {
            let (mut sender, since) = self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop()?;
            if sender.is_closed() || since.elapsed() > MAX_IDLE {
                continue;
            }
            // The connection's own task may need a moment after the last answer; a closed one says so here.
            if sender.is_ready() || sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> io::Result<Sender> {
        let stream = self.dial().await?;
        let (sender, connection) = Builder::new()
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "a connection to a target ended early");
            }
        });
        Ok(sender)
    }

    /// A new connection that may become a tunnel; it is never pooled.
    pub(crate) async fn connect_for_tunnel(&self) -> io::Result<Sender> {
        let stream = self.dial().await?;
        let (sender, connection) = Builder::new()
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(connection.with_upgrades());
        Ok(sender)
    }

    async fn dial(&self) -> io::Result<TcpStream> {
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(&self.authority))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Lease {
    pub(crate) fn new(sender: Sender, pool: Arc<Pool>) -> Self {
        Self {
            sender: Some(sender),
            pool,
        }
    }

    /// Offers the connection to the next request; without this it is closed.
    pub(crate) fn give_back(&mut self) {
        let Some(sender) = self.sender.take().filter(|sender| !sender.is_closed()) else {
            return;
        };
        let mut idle = self
            .pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE_CONNECTIONS {
            idle.push((sender, Instant::now()));
        }
    }
}

/// A target is near; one that takes longer is better reported than waited for.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Below the shortest keep-alive of common servers (5 s), so that a request rarely meets a connection that closes.
const MAX_IDLE: Duration = Duration::from_secs(4);
/// As many as a group lets in by default.
const MAX_IDLE_CONNECTIONS: usize = 512;
