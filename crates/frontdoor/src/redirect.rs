//! Redirects with the load balancer's keywords.

use bytes::Bytes;
use hokusai_routes::model::{Protocol, Redirect};
use http::header::LOCATION;
use http::{HeaderValue, Response, StatusCode, Uri};

use crate::answer::{Refused, own};
use crate::body::DoorBody;

/// The request's parts that a redirect can refer to.
pub(crate) struct Asked<'a> {
    pub(crate) protocol: Protocol,
    /// With its port, if the client said one.
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) uri: &'a Uri,
}

/// The answer of a redirect.
pub(crate) fn answer(
    redirect: &Redirect,
    asked: &Asked<'_>,
) -> Result<Response<DoorBody>, Refused> {
    let location = location(redirect, asked);
    let value = HeaderValue::from_str(&location)
        .map_err(|_| Refused::internal("the rule's redirect is no URL"))?;
    let status = match redirect.status.code() {
        301 => StatusCode::MOVED_PERMANENTLY,
        _ => StatusCode::FOUND,
    };
    let mut response = own(status, "text/plain", Bytes::new());
    response.headers_mut().insert(LOCATION, value);
    Ok(response)
}

/// An absent part keeps the request's. The port is left out where the protocol implies it.
fn location(redirect: &Redirect, asked: &Asked<'_>) -> String {
    let expand =
        |part: &Option<String>, default: &str| keywords(part.as_deref().unwrap_or(default), asked);
    let protocol = expand(&redirect.protocol, "#{protocol}").to_ascii_lowercase();
    let host = expand(&redirect.host, "#{host}");
    let port = expand(&redirect.port, "#{port}");
    let path = expand(&redirect.path, "/#{path}");
    let query = expand(&redirect.query, "#{query}");
    let mut location = format!("{protocol}://{host}");
    if !matches!(
        (protocol.as_str(), port.as_str()),
        ("http", "80") | ("https", "443")
    ) {
        location.push(':');
        location.push_str(&port);
    }
    location.push_str(&path);
    if !query.is_empty() {
        location.push('?');
        location.push_str(&query);
    }
    location
}

/// One pass from left to right, so that what a client sent is never expanded itself.
fn keywords(template: &str, asked: &Asked<'_>) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, keyword)) = rest.split_once("#{") {
        out.push_str(before);
        let Some((name, after)) = keyword.split_once('}') else {
            out.push_str("#{");
            rest = keyword;
            continue;
        };
        match name {
            "protocol" => out.push_str(asked.protocol.scheme()),
            "host" => out.push_str(name_of(asked.host)),
            "port" => out.push_str(&asked.port.to_string()),
            "path" => out.push_str(asked.uri.path().trim_start_matches('/')),
            "query" => out.push_str(asked.uri.query().unwrap_or_default()),
            _ => {
                out.push_str("#{");
                rest = keyword;
                continue;
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hokusai_routes::model::RedirectStatus;

    fn located(parts: [Option<&str>; 5]) -> String {
        let [protocol, host, port, path, query] = parts.map(|part| part.map(str::to_owned));
        let redirect = Redirect {
            status: RedirectStatus::Permanent,
            protocol,
            host,
            port,
            path,
            query,
        };
        let asked = Asked {
            protocol: Protocol::Http,
            host: "a.test:8080",
            port: 8080,
            uri: &Uri::from_static("/x/y?q=#{host}"),
        };
        location(&redirect, &asked)
    }

    #[test]
    fn absent_parts_are_kept_and_keywords_filled_in_once() {
        let none = [None; 5];
        assert_eq!(located(none), "http://a.test:8080/x/y?q=");
        let https = [Some("HTTPS"), None, Some("443"), None, None];
        assert_eq!(located(https), "https://a.test/x/y?q=");
        let moved = [
            None,
            Some("new.#{host}"),
            Some("80"),
            Some("/v2/#{path}"),
            Some("a=1&#{query}"),
        ];
        assert_eq!(located(moved), "http://new.a.test/v2/x/y?a=1&q=");
        let odd = [None, None, None, Some("/#{nothing}/#{path"), Some("")];
        assert_eq!(located(odd), "http://a.test:8080/#{nothing}/#{path");
    }
}
