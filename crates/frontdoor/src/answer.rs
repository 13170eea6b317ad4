//! Answers of the door's own. Each says so in a header.

use std::borrow::Cow;

use bytes::Bytes;
use hokusai_routes::model::FixedResponse;
use hokusai_wire::serve::ANSWERED_BY;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use crate::body::DoorBody;

/// What the door calls itself in `X-Hokusai-Answered-By`.
pub(crate) const FRONT_DOOR: &str = "front-door";

/// What the door says instead of a target.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    error_code: &'static str,
    message: String,
}

impl Refused {
    /// 400.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// 403.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message)
    }

    /// The status of a default action without a body.
    pub(crate) fn unmatched(status: u16, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
        Self::new(status, "ENDPOINT_NOT_FOUND", message)
    }

    /// 408.
    pub(crate) fn client_stalls(message: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "BAD_REQUEST", message)
    }

    /// 500.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message)
    }

    /// 502.
    pub(crate) fn bad_gateway(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "TEMPORARILY_UNAVAILABLE", message)
    }

    /// 503.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "TEMPORARILY_UNAVAILABLE",
            message,
        )
    }

    /// 504.
    pub(crate) fn timed_out(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            "TEMPORARILY_UNAVAILABLE",
            message,
        )
    }

    fn new(status: StatusCode, error_code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            error_code,
            message: message.into(),
        }
    }

    /// The answer, in every dialect of its readers, with what was asked and what decided about it.
    pub(crate) fn into_response(self, about: &About<'_>) -> Response<DoorBody> {
        let message = &self.message;
        let body = serde_json::json!({
            "error_code": self.error_code, "message": message, "detail": message,
            "answered_by": FRONT_DOOR,
            "host": about.host, "path": about.path, "rule": about.rule, "target_group": about.group,
        });
        let mut response = own(self.status, "application/json", body.to_string().into());
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            let soon = HeaderValue::from_static("1");
            response.headers_mut().insert(RETRY_AFTER, soon);
        }
        response
    }
}

/// What an answer is about.
#[derive(Clone, Debug)]
pub(crate) struct About<'a> {
    pub(crate) host: Option<&'a str>,
    pub(crate) path: Cow<'a, str>,
    pub(crate) rule: &'a str,
    pub(crate) group: Option<&'a str>,
}

/// The answer that a rule prescribes.
pub(crate) fn fixed(fixed: &FixedResponse) -> Response<DoorBody> {
    let status = StatusCode::from_u16(fixed.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    own(
        status,
        fixed.kind(),
        fixed.body.clone().unwrap_or_default().into(),
    )
}

/// An answer with this body.
pub(crate) fn own(status: StatusCode, content_type: &str, body: Bytes) -> Response<DoorBody> {
    let mut response = Response::new(DoorBody::Own(Some(body).filter(|body| !body.is_empty())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        headers.insert(CONTENT_TYPE, content_type);
    }
    headers.insert(ANSWERED_BY, HeaderValue::from_static(FRONT_DOOR));
    response
}
