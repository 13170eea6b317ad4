//! The gate before every route: no body byte is read before the key was judged.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use hokusai_core::access::{Action, Scope};

use crate::authority::{Authority, Identity, Presented};
use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody. The list of such routes is a test.
    Public,
    /// A key whose scopes allow the action.
    Needs(Action),
}

/// What the gate of one route needs.
#[derive(Clone)]
pub struct Gate {
    /// Who judges; `None` is `--no-auth`.
    pub authority: Option<Arc<dyn Authority>>,
    /// Who may use the route.
    pub access: Access,
}

/// The client's address, resolved by the listener's trusted-proxy rules; `None` is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientIp(pub Option<IpAddr>);

/// Lets a request through with its [`Caller`], or refuses it with the reason.
pub async fn layer(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let Access::Needs(action) = gate.access else {
        return next.run(request).await;
    };
    let judged = match &gate.authority {
        None => from_this_machine(request.headers()).and_then(|()| anonymous(action)),
        Some(authority) => match presented(&request, action) {
            Ok(presented) => authority.judge(presented).await,
            Err(refused) => Err(refused),
        },
    };
    let identity = match judged {
        Ok(identity) => identity,
        Err(refused) => return refused.into_response(),
    };
    let client_ip = client_ip(&request);
    request.extensions_mut().insert(Caller::new(
        identity.key_id,
        identity.user,
        identity.scopes,
        client_ip,
    ));
    let mut response = next.run(request).await;
    for (name, value) in identity.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn presented(request: &Request, action: Action) -> Result<Presented, ApiError> {
    let (key, source) = presented_key(request.headers(), request.uri().query())?;
    Ok(Presented {
        key,
        source,
        client_ip: client_ip(request),
        action,
    })
}

/// `--no-auth` is for whoever sits at this machine: a proxy in front would open it to everybody (security 13).
fn from_this_machine(headers: &HeaderMap) -> Result<(), ApiError> {
    match FORWARDING.iter().find(|name| headers.contains_key(**name)) {
        None => Ok(()),
        Some(name) => Err(ApiError::new(
            ErrorKind::PermissionDenied,
            format!(
                "the server runs with --no-auth, which is for this machine alone, and a proxy sent `{name}`: run it with keys"
            ),
        )),
    }
}

/// What proxies add.
const FORWARDING: [&str; 6] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// `--no-auth`: a fixed identity that reads and writes the registry and never manages keys.
fn anonymous(action: Action) -> Result<Identity, ApiError> {
    let scopes = vec![Scope::ModelWrite];
    hokusai_core::access::may(&scopes, action)
        .map_err(|denied| ApiError::new(ErrorKind::PermissionDenied, denied.to_string()))?;
    Ok(Identity {
        key_id: "no-auth".to_owned(),
        user: "anonymous".to_owned(),
        scopes,
        headers: Vec::new(),
    })
}

/// The address that allowlists are checked against.
pub fn client_ip(request: &Request) -> Option<IpAddr> {
    if let Some(ClientIp(resolved)) = request.extensions().get::<ClientIp>() {
        return *resolved;
    }
    let peer = request
        .extensions()
        .get::<axum::extract::ConnectInfo<SocketAddr>>()?;
    Some(peer.0.ip().to_canonical())
}

/// The key, and where it stood. Two places that disagree are refused: nobody can tell which one was meant.
pub fn presented_key(
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<(String, &'static str), ApiError> {
    if query.is_some_and(names_a_key) {
        return Err(ApiError::new(
            ErrorKind::BadRequest,
            "a key in the query string ends up in logs and histories: send it as `Authorization: Bearer …`, and rotate this one",
        )
        .with("code", "key_in_query"));
    }
    let authorization = text(headers, header::AUTHORIZATION.as_str())?;
    let named = text(headers, "x-api-key")?.map(|key| (key.to_owned(), "X-API-Key"));
    let from_authorization = authorization.map(from_authorization).transpose()?;
    match (from_authorization, named) {
        (Some(first), Some(second)) if first.0 != second.0 => Err(ApiError::new(
            ErrorKind::BadRequest,
            "`Authorization` and `X-API-Key` carry different keys: send one of them",
        )
        .with("code", "keys_differ")),
        (Some(found), _) | (None, Some(found)) => Ok(found),
        (None, None) => Err(missing_key()),
    }
}

fn missing_key() -> ApiError {
    ApiError::new(
        ErrorKind::Unauthenticated,
        "You are not authenticated. API key required: set MLFLOW_TRACKING_TOKEN to a key, or send `Authorization: Bearer …`; \
         `hokusai keys create --name NAME` makes one",
    )
    .with("code", "missing")
}

fn from_authorization(value: &str) -> Result<(String, &'static str), ApiError> {
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok((rest.to_owned(), "Authorization: Bearer"))
    } else if scheme.eq_ignore_ascii_case("apikey") {
        Ok((rest.to_owned(), "Authorization: ApiKey"))
    } else if scheme.eq_ignore_ascii_case("basic") {
        basic_password(rest).map(|key| (key, "Authorization: Basic (password)"))
    } else {
        Err(ApiError::new(
            ErrorKind::Unauthenticated,
            "You are not authenticated. The `Authorization` header has a scheme that is not known here: use `Bearer`",
        )
        .with("code", "malformed"))
    }
}

fn basic_password(encoded: &str) -> Result<String, ApiError> {
    base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|pair| pair.split_once(':').map(|(_, password)| password.to_owned()))
        .ok_or_else(|| {
            ApiError::new(
                ErrorKind::Unauthenticated,
                "You are not authenticated. The Basic credentials cannot be read: put the API key in the password \
                 (MLFLOW_TRACKING_PASSWORD), or unset user name and password and set MLFLOW_TRACKING_TOKEN",
            )
            .with("code", "malformed")
        })
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, ApiError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(ApiError::new(
            ErrorKind::BadRequest,
            format!("the header `{name}` stands there twice: send it once"),
        ));
    }
    first.map(HeaderValue::to_str).transpose().map_err(|_| {
        ApiError::new(
            ErrorKind::Unauthenticated,
            format!("the header `{name}` holds characters that no key has"),
        )
        .with("code", "malformed")
    })
}

fn names_a_key(query: &str) -> bool {
    query
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .any(|name| {
            ["api_key", "apikey", "api-key", "x-api-key", "access_token"]
                .iter()
                .any(|key| name.eq_ignore_ascii_case(key))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn a_key_is_found_wherever_clients_put_it() {
        let basic = format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode("user:K")
        );
        for (name, value) in [
            ("authorization", "Bearer K"),
            ("authorization", "ApiKey K"),
            ("authorization", &basic),
            ("x-api-key", "K"),
        ] {
            assert_eq!(
                presented_key(&headers(&[(name, value)]), None).unwrap().0,
                "K",
                "{value}"
            );
        }
    }

    #[test]
    fn two_different_keys_are_refused_and_the_same_twice_is_fine() {
        let differ = headers(&[("authorization", "Bearer A"), ("x-api-key", "B")]);
        assert_eq!(
            presented_key(&differ, None).unwrap_err().kind(),
            ErrorKind::BadRequest
        );
        let same = headers(&[("authorization", "Bearer A"), ("x-api-key", "A")]);
        assert!(presented_key(&same, None).is_ok());
    }

    #[test]
    fn a_key_in_the_query_string_is_refused_whatever_else_is_there() {
        let refused =
            presented_key(&headers(&[("x-api-key", "A")]), Some("a=1&api_key=A")).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::BadRequest);
    }

    #[test]
    fn no_key_is_unauthenticated() {
        assert_eq!(
            presented_key(&HeaderMap::new(), None).unwrap_err().kind(),
            ErrorKind::Unauthenticated
        );
    }
}
