//! What a client sees when something is refused or fails.
//!
//! One table gives each [`ErrorKind`] its status and its MLflow code. Every body carries `error_code` and `message` (what the
//! MLflow client reads) and `detail` (what the platform's older clients read).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hokusai_store::StoreError;
use serde_json::{Map, Value};

use crate::request_id;

/// Kinds of errors, by what the client can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A parameter is missing or breaks a rule.
    InvalidParameter,
    /// The request as a whole cannot be read.
    BadRequest,
    /// The thing to be created is there already.
    AlreadyExists,
    /// The thing is not there, or not for this caller.
    DoesNotExist,
    /// The thing is in a state that forbids this.
    InvalidState,
    /// No route has this path.
    UnknownEndpoint,
    /// The path is known, the method is not.
    MethodNotAllowed,
    /// No key, or one that is not accepted.
    Unauthenticated,
    /// The key may not do this.
    PermissionDenied,
    /// A well-formed body that breaks the auth API's schema.
    Unprocessable,
    /// The body exceeds a limit.
    TooLarge,
    /// The range lies outside the artifact.
    RangeNotSatisfiable,
    /// The key's rate is spent; wait.
    RateLimited,
    /// This server does not do that.
    NotImplemented,
    /// A dependency is away for the moment; a retry can help.
    Unavailable,
    /// No space is left; a retry does not help before somebody frees some.
    NoSpace,
    /// A fault of ours.
    Internal,
}

impl ErrorKind {
    /// The status and MLflow's code. 408, 429, 500, 502, 503 and 504 make the MLflow client retry for minutes, so only what a retry
    /// can mend may have one of them.
    pub const fn answer(self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidParameter => (StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE"),
            Self::BadRequest => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            Self::AlreadyExists => (StatusCode::BAD_REQUEST, "RESOURCE_ALREADY_EXISTS"),
            Self::DoesNotExist => (StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST"),
            Self::InvalidState => (StatusCode::BAD_REQUEST, "INVALID_STATE"),
            Self::UnknownEndpoint => (StatusCode::NOT_FOUND, "ENDPOINT_NOT_FOUND"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
            Self::PermissionDenied => (StatusCode::FORBIDDEN, "PERMISSION_DENIED"),
            Self::Unprocessable => (StatusCode::UNPROCESSABLE_ENTITY, "INVALID_PARAMETER_VALUE"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "REQUEST_TOO_LARGE"),
            Self::RangeNotSatisfiable => {
                (StatusCode::RANGE_NOT_SATISFIABLE, "INVALID_PARAMETER_VALUE")
            }
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "REQUEST_LIMIT_EXCEEDED"),
            Self::NotImplemented => (StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE"),
            Self::NoSpace => (StatusCode::INSUFFICIENT_STORAGE, "RESOURCE_EXHAUSTED"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
        }
    }
}

/// A refusal or failure on its way to the client.
#[derive(Clone, Debug)]
pub struct ApiError {
    kind: ErrorKind,
    message: String,
    extra: Map<String, Value>,
    retry_after_s: Option<u64>,
    cause: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl ApiError {
    /// An error that says `message` to the client.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            extra: Map::new(),
            retry_after_s: None,
            cause: None,
            headers: Vec::new(),
        }
    }

    /// A parameter that breaks a rule.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidParameter, message)
    }

    /// Something that is not there.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::DoesNotExist, message)
    }

    /// A fault of ours: the client learns an id, the log the cause.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(ErrorKind::Internal, "internal error")
        }
    }

    /// Somebody else is at it for the moment; a retry helps.
    pub fn busy(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message).retry_after(1)
    }

    /// The place where artifacts are kept is away: the log learns the cause.
    pub fn store_away(cause: impl Into<String>) -> Self {
        let message =
            "the artifact store is not answering; the request was not carried out, try again";
        Self {
            cause: Some(cause.into()),
            ..Self::new(ErrorKind::Unavailable, message)
        }
        .retry_after(1)
    }

    /// Adds a field to the body, for instance the typed reason of a refused key.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(field.to_owned(), value.into());
        self
    }

    /// Tells the client when to come back, in seconds.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Adds a header to the response.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The kind.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// A field that was added with [`ApiError::with`].
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.extra.get(name)
    }

    /// Whether what was refused may have been carried out all the same.
    pub fn is_outcome_unknown(&self) -> bool {
        self.extra.contains_key(OUTCOME)
    }

    /// What the client reads.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// The field of a body that says so.
const OUTCOME: &str = "outcome";

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } | StoreError::Busy { .. } => {
                let message =
                    "the database is not answering; the request was not carried out, try again";
                Self {
                    cause: Some(error.to_string()),
                    ..Self::new(ErrorKind::Unavailable, message)
                }
                .retry_after(1)
            }
            StoreError::OutcomeUnknown { .. } => {
                let message = "the database went away while the request was being committed: it was carried out or it was not, \
                               look before you send it again";
                Self {
                    cause: Some(error.to_string()),
                    ..Self::new(ErrorKind::Unavailable, message)
                }
                .with(OUTCOME, "unknown")
                .retry_after(1)
            }
            StoreError::Full => Self::new(ErrorKind::NoSpace, error.to_string()),
            StoreError::Statement { .. }
            | StoreError::Decode { .. }
            | StoreError::Damaged { .. }
            | StoreError::Panicked => Self::internal(error.to_string()),
        }
    }
}

/// A sentence may show a value of the client's, which knows it: its start is enough.
fn shortened(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MOST_MESSAGE_CHARS) {
        message.truncate(end);
        message.push('…');
    }
    message
}

/// Longer messages are cut: a body of 16 MB would come back as 32.
pub const MOST_MESSAGE_CHARS: usize = 4000;

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.kind.answer();
        let id = request_id::current();
        if let Some(cause) = &self.cause {
            tracing::error!(request.id = %id, error = %cause, "request failed: {}", self.message);
        }
        let message = match self.kind {
            ErrorKind::Internal => format!("{} (request id {id})", self.message),
            // Whatever was echoed: a key that stood in the wrong place is not shown again.
            _ => crate::routing::mask(&shortened(self.message)),
        };
        let mut body = Map::new();
        body.insert("error_code".to_owned(), code.into());
        body.insert("message".to_owned(), message.clone().into());
        body.insert("detail".to_owned(), message.into());
        body.extend(self.extra);
        let mut response = (status, Json(Value::Object(body))).into_response();
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        if self.kind == ErrorKind::Unauthenticated {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"hokusai\""),
            );
        }
        response
    }
}
