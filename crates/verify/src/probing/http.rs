//! One request and its answer, over HTTP/1.1.

use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;

use super::connect::{Body, Line, Place};
use super::{Prober, tls};
use crate::endpoint::Endpoint;
use crate::foreign::Foreign;
use crate::observation::{Answer, Fault};
use crate::probe::{self, Ask, Entry};

/// What stands before the body.
#[derive(Clone)]
pub(super) struct Head {
    pub(super) method: &'static str,
    pub(super) host: String,
    pub(super) target: String,
    pub(super) key: Option<(probe::Place, String)>,
}

impl Head {
    /// The head of a probe's request.
    pub(super) fn of(
        ask: &Ask,
        endpoint: &Endpoint,
        place: &Place,
        key: Option<(probe::Place, &str)>,
    ) -> Self {
        let (own_host, base) = match &ask.entry {
            Entry::Front => (endpoint.authority(), endpoint.base.as_str()),
            Entry::Plain => (endpoint.host.clone(), endpoint.base.as_str()),
            Entry::Direct(_) => (format!("{}:{}", place.host, place.port), ""),
        };
        Self {
            method: ask.method,
            host: ask.host.clone().unwrap_or(own_host),
            target: format!("{base}{}", ask.path),
            key: key.map(|(place, key)| (place, key.to_owned())),
        }
    }

    /// The same request with another key.
    pub(super) fn with_key(&self, place: probe::Place, key: &str) -> Self {
        Self {
            key: Some((place, key.to_owned())),
            ..self.clone()
        }
    }

    fn request(&self, body: Body, is_json: bool) -> Result<Request<Body>, http::Error> {
        let uri = Uri::from(http::uri::PathAndQuery::try_from(self.target.as_str())?);
        let mut request = Request::builder()
            .method(self.method)
            .uri(uri)
            .header(HOST, &self.host)
            .header(
                USER_AGENT,
                concat!("hokusai-verify/", env!("CARGO_PKG_VERSION")),
            )
            .header(ACCEPT, "application/json");
        if is_json {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some((place, key)) = &self.key {
            let (name, value) = presented(*place, key);
            let mut value = HeaderValue::try_from(value)?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        request.body(body)
    }
}

fn presented(place: probe::Place, key: &str) -> (http::HeaderName, String) {
    match place {
        probe::Place::Bearer => (AUTHORIZATION, format!("Bearer {key}")),
        probe::Place::ApiKey => (AUTHORIZATION, format!("ApiKey {key}")),
        probe::Place::XApiKey => (http::HeaderName::from_static("x-api-key"), key.to_owned()),
        probe::Place::Basic => {
            let pair = base64::engine::general_purpose::STANDARD.encode(format!("verify:{key}"));
            (AUTHORIZATION, format!("Basic {pair}"))
        }
    }
}

/// Sends a request with a small body and reads the answer.
pub(super) async fn ask(
    prober: &Prober,
    line: &mut Line,
    head: &Head,
    json: Option<String>,
) -> Result<Answer, Fault> {
    let is_json = json.is_some();
    let body = Full::new(Bytes::from(json.unwrap_or_default())).boxed_unsync();
    let started = prober.clock.monotonic_ms();
    let whole = async {
        let response = send(line, head, body, is_json).await?;
        read(prober, response).await
    };
    let mut answer = tokio::time::timeout(prober.deadline(), whole)
        .await
        .map_err(|_| Fault::Timeout(prober.deployment.options.deadline_ms))??;
    answer.times_ms = vec![prober.clock.monotonic_ms().saturating_sub(started)];
    Ok(answer)
}

/// Sends a request with any body; the caller reads, and bounds the time.
pub(super) async fn send(
    line: &mut Line,
    head: &Head,
    body: Body,
    is_json: bool,
) -> Result<Response<Incoming>, Fault> {
    let request = head
        .request(body, is_json)
        .map_err(|error| Fault::Broken(Foreign::new(error.to_string())))?;
    let sent = match line.sender.ready().await {
        Ok(()) => line.sender.send_request(request).await,
        Err(error) => Err(error),
    };
    match sent {
        Ok(response) => Ok(response),
        Err(error) => Err(why(line, &error).await),
    }
}

/// Why a request was not answered. A server that breaks off before it is sent, as one does that wants a client's certificate
/// (with TLS 1.3 it says so only after the handshake), is heard by the connection alone.
async fn why(line: &mut Line, error: &hyper::Error) -> Fault {
    if !error.is_closed() && !error.is_canceled() {
        return fault(error);
    }
    let Some(ended) = line.ended.take() else {
        return fault(error);
    };
    match tokio::time::timeout(END_OF_CONNECTION, ended).await {
        Ok(Ok(Err(cause))) => fault(&cause),
        _ => fault(error),
    }
}

/// The whole of an answer, its body cut.
pub(super) async fn read(prober: &Prober, response: Response<Incoming>) -> Result<Answer, Fault> {
    let (parts, mut body) = response.into_parts();
    let local_ms = prober.clock.now_ms();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| fault(&error))?;
        let data = frame.into_data().unwrap_or_default();
        bytes.extend_from_slice(&data);
        if bytes.len() > MAX_BODY {
            bytes.truncate(MAX_BODY);
            break;
        }
    }
    let headers: Vec<(String, Foreign)> = parts
        .headers
        .iter()
        .take(MAX_HEADERS)
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), Foreign::new(value))
        })
        .collect();
    let mut answer = Answer {
        status: parts.status.as_u16(),
        answered_by: None,
        headers,
        body: Foreign::new(String::from_utf8_lossy(&bytes)),
        times_ms: Vec::new(),
        local_ms,
        versions: Vec::new(),
    };
    answer.answered_by = answer
        .header("x-hokusai-answered-by")
        .map(ToString::to_string);
    answer.versions.extend(answer.text("version"));
    Ok(answer)
}

/// Why a request got no answer.
pub(super) fn fault(error: &hyper::Error) -> Fault {
    if let Some(tls) = tls::tls_error(error) {
        return Fault::Tls(tls);
    }
    let mut said = error.to_string();
    if let Some(cause) = std::error::Error::source(error) {
        said = format!("{said}: {cause}");
    }
    Fault::Broken(Foreign::new(said))
}

/// How long a transfer of `bytes` may take besides the deadline: at least 1 MiB/s.
pub(super) fn transfer_time(bytes: u64) -> Duration {
    Duration::from_secs(bytes >> 20)
}

/// A connection whose requests are refused has ended, or is about to.
const END_OF_CONNECTION: Duration = Duration::from_secs(1);
/// More than any answer of ours that is judged, too little to fill memory.
const MAX_BODY: usize = 64 << 10;
const MAX_HEADERS: usize = 100;
