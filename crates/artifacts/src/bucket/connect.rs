//! A client of the store: it goes where it is told and nowhere else, and gives up in time.

use std::time::Duration;

use async_trait::async_trait;
use object_store::aws::{AmazonS3, AmazonS3Builder, Checksum};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use reqwest::redirect::Policy;

use super::location::BucketLocation;
use crate::ArtifactError;

/// Connects to nothing yet: what is wrong with the settings is found out here, what is wrong with the store later.
pub(super) fn connect(location: &BucketLocation) -> Result<AmazonS3, ArtifactError> {
    let environment = location.environment();
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(location.bucket())
        .with_retry(RETRIES)
        .with_checksum_algorithm(Checksum::SHA256)
        .with_http_connector(Connector);
    for (name, value) in environment.iter() {
        let key = name.to_ascii_lowercase().parse();
        let key = key.map_err(|error| refused(&error))?;
        builder = builder.with_config(key, value);
    }
    let has_region = environment.has("AWS_REGION") || environment.has("AWS_DEFAULT_REGION");
    match location.endpoint() {
        None if !has_region => return Err(ArtifactError::Refused(NO_REGION.to_owned())),
        None => {}
        Some(_) if !environment.has("AWS_ACCESS_KEY_ID") => {
            // AWS's ways to credentials without a key end at AWS.
            return Err(ArtifactError::Refused(NO_KEY.to_owned()));
        }
        Some(endpoint) => {
            let url = endpoint.url();
            builder = builder
                .with_endpoint(url.as_str().trim_end_matches('/'))
                .with_allow_http(url.scheme() == "http");
        }
    }
    builder.build().map_err(|error| refused(&error))
}

fn refused(error: &object_store::Error) -> ArtifactError {
    ArtifactError::Refused(error.to_string())
}

const NO_REGION: &str = "no region is named: set AWS_REGION";
const NO_KEY: &str = "no credentials are named: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/// Short: a client that hears 503 in time can wait better than one that hears nothing.
const RETRIES: RetryConfig = RetryConfig {
    backoff: BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(1),
        base: 2.0,
    },
    max_retries: 2,
    retry_timeout: Duration::from_secs(10),
};

/// A store that is there accepts a connection at once.
const CONNECT_DEADLINE: Duration = Duration::from_secs(3);

/// How long a store that accepted a connection may take until an answer begins.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// What a line must carry at least: a part of 11 MiB may be on its way for a minute.
const SLOWEST_LINE_BYTES_PER_SECOND: u64 = 190 << 10;

/// How long nothing may come of an answer that began.
const SILENCE: Duration = Duration::from_mins(1);

/// Makes the client that the store and the sources of credentials are asked with. `localhost` and plain HTTP are judged
/// before, by [`super::Endpoint`].
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_DEADLINE)
            .read_timeout(SILENCE)
            .user_agent(concat!("hokusai/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| object_store::Error::Generic {
                store: "S3",
                source: Box::new(error),
            })?;
        Ok(HttpClient::new(Patient(client)))
    }
}

/// Waits as long for an answer as the request's size excuses.
#[derive(Debug)]
struct Patient(reqwest::Client);

#[async_trait]
impl HttpService for Patient {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let bytes = u64::try_from(request.body().content_length()).unwrap_or(u64::MAX);
        let sending = Duration::from_secs(bytes / SLOWEST_LINE_BYTES_PER_SECOND);
        let answered = tokio::time::timeout(ANSWER_DEADLINE + sending, self.0.call(request));
        answered
            .await
            .unwrap_or_else(|late| Err(HttpError::new(HttpErrorKind::Timeout, late)))
    }
}
