//! Asking a running front door.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::protocol::{LoadNext, Refusal, Reload, Status, Step, Weights};

/// Where a front door's admin side is.
#[derive(Clone, Debug)]
pub enum Address {
    /// A Unix socket; whoever may open it may ask.
    Socket(PathBuf),
    /// TCP on loopback, with the key that its file holds.
    Tcp {
        /// `127.0.0.1:PORT`.
        address: String,
        /// The key.
        key: String,
    },
}

/// Sends requests of the admin protocol, each over a connection of its own.
#[derive(Clone, Debug)]
pub struct AdminClient {
    address: Address,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Nobody listens there, or it broke off.
    #[error("the front door's admin side at `{address}` does not answer: {why}")]
    Unreachable {
        /// Socket or address.
        address: String,
        /// What the system says.
        why: String,
    },
    /// Refused; nothing has changed.
    #[error("{}", refusal.message)]
    Refused {
        /// The status: 409 when somebody else changed something, 4xx otherwise.
        status: u16,
        /// Why, and what to do.
        refusal: Refusal,
    },
}

impl AdminClient {
    /// Nothing is sent yet.
    pub fn new(address: Address) -> Self {
        Self { address }
    }

    /// What is enforced.
    ///
    /// # Errors
    ///
    /// [`AdminError`]; so do all of them.
    pub async fn status(&self) -> Result<Status, AdminError> {
        self.ask(Method::GET, "/v1/status", Bytes::new()).await
    }

    /// Reads the rule file again.
    pub async fn reload(&self, reload: &Reload) -> Result<Status, AdminError> {
        self.post("/v1/reload", reload).await
    }

    /// Loads a table beside the current one.
    pub async fn load_next(&self, next: &LoadNext) -> Result<Status, AdminError> {
        self.post("/v1/next", next).await
    }

    /// Changes the share of the next table.
    pub async fn weights(&self, weights: &Weights) -> Result<Status, AdminError> {
        self.post("/v1/weights", weights).await
    }

    /// Makes the next table the current one.
    pub async fn promote(&self, step: &Step) -> Result<Status, AdminError> {
        self.post("/v1/promote", step).await
    }

    /// Takes the next table away, or undoes the last promotion.
    pub async fn rollback(&self, step: &Step) -> Result<Status, AdminError> {
        self.post("/v1/rollback", step).await
    }

    /// The counters, as Prometheus reads them.
    pub async fn metrics(&self) -> Result<String, AdminError> {
        let bytes = self.exchange(Method::GET, "/metrics", Bytes::new()).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn post<T: Serialize>(&self, path: &str, body: &T) -> Result<Status, AdminError> {
        let body = serde_json::to_vec(body).map_err(|error| self.unreachable(&error))?;
        self.ask(Method::POST, path, body.into()).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<T, AdminError> {
        let bytes = self.exchange(method, path, body).await?;
        serde_json::from_slice(&bytes).map_err(|error| self.unreachable(&error))
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, AdminError> {
        let exchanged = async {
            match &self.address {
                Address::Socket(path_of_socket) => {
                    let stream = UnixStream::connect(path_of_socket)
                        .await
                        .map_err(|error| self.unreachable(&error))?;
                    self.over(stream, method, path, body).await
                }
                Address::Tcp { address, .. } => {
                    let stream = TcpStream::connect(address)
                        .await
                        .map_err(|error| self.unreachable(&error))?;
                    self.over(stream, method, path, body).await
                }
            }
        };
        tokio::time::timeout(TIMEOUT, exchanged)
            .await
            .map_err(|_| self.unreachable(&"it takes too long"))?
    }

    async fn over<IO>(
        &self,
        stream: IO,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Bytes, AdminError>
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.unreachable(&error))?;
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json");
        if let Address::Tcp { key, .. } = &self.address {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        let request = request
            .body(Full::new(body))
            .map_err(|error| self.unreachable(&error))?;
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES)
            .collect()
            .await;
        let body = body.map_err(|error| self.unreachable(&error))?.to_bytes();
        if status == StatusCode::OK {
            return Ok(body);
        }
        let refusal = serde_json::from_slice(&body).unwrap_or(Refusal {
            message: format!("the admin side answered {status}"),
            hint: String::new(),
        });
        Err(AdminError::Refused {
            status: status.as_u16(),
            refusal,
        })
    }

    fn unreachable(&self, why: &dyn std::fmt::Display) -> AdminError {
        let address = match &self.address {
            Address::Socket(path) => path.display().to_string(),
            Address::Tcp { address, .. } => address.clone(),
        };
        AdminError::Unreachable {
            address,
            why: why.to_string(),
        }
    }
}

/// A thousand rules are proven in five seconds, twice, and new targets are asked once.
const TIMEOUT: Duration = Duration::from_mins(1);
/// The status of the largest table, and its counters.
const MAX_ANSWER_BYTES: usize = 16 << 20;
