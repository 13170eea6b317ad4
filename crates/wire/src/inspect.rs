//! What is checked and put in order on every request, of both versions, before the service sees it.

use http::header::{CONNECTION, HOST, UPGRADE};
use http::{HeaderName, HeaderValue, Request, Uri, Version};

use crate::gate::head::check_method;
use crate::refusal::Refusal;
use crate::target;

/// Checks an HTTP/2 request, whose head the gate has not seen; an HTTP/1 request has passed already.
pub(crate) fn check<B>(request: &Request<B>, is_secured: bool) -> Result<(), Refusal> {
    if request.version() != Version::HTTP_2 {
        return Ok(());
    }
    check_method(request.method().as_str().as_bytes())?;
    let uri = request.uri();
    // A proxy in front may have ended TLS and say `https` over a plain connection; the other way round nobody may.
    if !matches!(uri.scheme_str(), None | Some("https"))
        && (is_secured || uri.scheme_str() != Some("http"))
    {
        return Err(Refusal::Scheme);
    }
    let target = uri.path_and_query().ok_or(Refusal::TargetForm)?;
    target::check_origin_form(target.as_str().as_bytes())?;
    check_host(request)?;
    let mut lengths = request
        .headers()
        .get_all(http::header::CONTENT_LENGTH)
        .iter();
    if lengths.next().is_some() && lengths.next().is_some() {
        return Err(Refusal::RepeatedContentLength);
    }
    match request.headers().get(http::header::EXPECT) {
        Some(value) if !value.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
            Err(Refusal::Expect)
        }
        _ => Ok(()),
    }
}

fn check_host<B>(request: &Request<B>) -> Result<(), Refusal> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(Refusal::RepeatedHost);
    }
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    match (authority, host.map(HeaderValue::as_bytes)) {
        (None, None) => Err(Refusal::HostMissing),
        (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => {
            Err(Refusal::AuthorityDisagrees)
        }
        (Some(one), _) | (None, Some(one)) => target::check_authority(one),
    }
}

/// Gives both versions one form: the authority in `Host`, a target in origin form, no upgrade but to websocket.
pub(crate) fn normalise<B>(request: &mut Request<B>) {
    if let Some(authority) = request.uri().authority() {
        if !request.headers().contains_key(HOST)
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            request.headers_mut().insert(HOST, host);
        }
        if let Some(target) = request.uri().path_and_query().cloned() {
            *request.uri_mut() = Uri::from(target);
        }
    }
    if request.headers().contains_key(UPGRADE) && !is_websocket(request) {
        let headers = request.headers_mut();
        headers.remove(UPGRADE);
        headers.remove(HeaderName::from_static("http2-settings"));
        headers.remove(CONNECTION);
    }
}

/// Whether the gate waits for this request's answer before it reads on.
pub(crate) fn is_websocket<B>(request: &Request<B>) -> bool {
    request.version() == Version::HTTP_11
        && request.headers().get(UPGRADE).is_some_and(|value| {
            value
                .as_bytes()
                .trim_ascii()
                .eq_ignore_ascii_case(b"websocket")
        })
}
