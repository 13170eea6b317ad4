//! Responses that carry somebody's bytes: no browser may run them, no cache may keep them.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hokusai_artifacts::ByteRange;
use hokusai_core::artifact_path::ArtifactPath;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::refused;
use crate::error::ApiError;
use crate::registry::RegistryState;

/// Set on every answer of the artifact routes, errors and ranges included (security 12).
const GUARDS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "sandbox; default-src 'none'",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::CACHE_CONTROL, "private, no-store"),
];

/// Adds the guards to an answer, whatever it is.
pub(in crate::mlflow) fn guarded(answer: Result<Response, ApiError>) -> Response {
    let mut response = answer.unwrap_or_else(ApiError::into_response);
    let headers = response.headers_mut();
    for (name, value) in GUARDS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let attachment = HeaderValue::from_static("attachment");
    headers
        .entry(header::CONTENT_DISPOSITION)
        .or_insert(attachment);
    response
}

/// Streams a file, or the one range that is asked for.
pub(in crate::mlflow) async fn send_file(
    state: &RegistryState,
    headers: &HeaderMap,
    path: &ArtifactPath,
) -> Result<Response, ApiError> {
    let asked = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let range = asked.and_then(ByteRange::parse);
    let download = state
        .artifacts
        .download(path, range)
        .await
        .map_err(refused)?;
    let (first, length, size) = (
        download.first_byte,
        download.length_bytes,
        download.size_bytes,
    );
    let mut response = Body::from_stream(download.into_stream()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(content_type(path.file_name())),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Ok(value) = HeaderValue::from_str(&disposition(path.file_name())) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if range.is_some() {
        let last = first + length - 1;
        if let Ok(value) = HeaderValue::from_str(&format!("bytes {first}-{last}/{size}")) {
            headers.insert(header::CONTENT_RANGE, value);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

/// What RFC 5987 allows in `filename*` without encoding.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// `Content-Disposition` as RFC 6266 wants it: a plain name, and the real one when it is not ASCII.
fn disposition(name: &str) -> String {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let plain: String = name.chars().filter(|c| (' '..='~').contains(c)).collect();
    let plain = if plain.is_empty() {
        "download".to_owned()
    } else {
        plain
    };
    let shown = if plain.chars().all(is_token) {
        plain
    } else {
        format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
    };
    if name.is_ascii() {
        return format!("attachment; filename={shown}");
    }
    format!(
        "attachment; filename={shown}; filename*=UTF-8''{}",
        utf8_percent_encode(name, ATTRIBUTE)
    )
}

/// The type by the name, whatever the uploader said. Source and MLflow's own files are text.
fn content_type(name: &str) -> &'static str {
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        _ if matches!(name, "MLmodel" | "MLproject") => "text/plain",
        Some(
            "txt" | "log" | "err" | "cfg" | "conf" | "cnf" | "cf" | "ini" | "properties" | "prop"
            | "hocon" | "toml" | "yaml" | "yml" | "xml" | "json" | "js" | "py" | "py3" | "csv"
            | "tsv" | "md" | "rst" | "ipynb" | "sh" | "sql",
        ) => "text/plain",
        Some("html" | "htm") => "text/html",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("svg") => "image/svg+xml",
        Some("webp") => "image/webp",
        Some("pdf") => "application/pdf",
        Some("zip") => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_quoted_or_encoded() {
        assert_eq!(disposition("model.pkl"), "attachment; filename=model.pkl");
        assert_eq!(
            disposition("a b\".txt"),
            "attachment; filename=\"a b\\\".txt\""
        );
        assert_eq!(
            disposition("日本"),
            "attachment; filename=download; filename*=UTF-8''%E6%97%A5%E6%9C%AC"
        );
    }
}
