//! A service's own listener: as strict as the front door's, and it knows whose request it is.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use hokusai_server::gate::ClientIp;
use hokusai_wire::browser::{self, AllowedHosts};
use hokusai_wire::client_addr::{ClientAddr, InvalidTrustedProxy, TrustedProxies};
use hokusai_wire::limits::Limits;
use hokusai_wire::serve::{Options, PeerAddr};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::running::DRAIN;
use crate::config::Config;

/// Serves until `stopped` says so; the future ends when the last request has.
///
/// Errors: a trusted proxy that would trust everybody.
pub(crate) fn serve(
    name: &'static str,
    listener: TcpListener,
    router: Router,
    config: &Config,
    stopped: watch::Receiver<bool>,
) -> Result<impl Future<Output = ()> + Send + use<>, InvalidTrustedProxy> {
    let proxies = Arc::new(TrustedProxies::new(config.listeners.trusted_proxy.clone())?);
    let router = router.layer(middleware::from_fn_with_state(proxies, resolve_client));
    let options = Options {
        answered_by: name,
        limits: Limits {
            drain: DRAIN,
            ..Limits::default()
        },
        tls: None,
        allowed_hosts: Some(AllowedHosts::new(config.listeners.allowed_host.clone())),
    };
    Ok(hokusai_wire::serve::serve(
        listener,
        router,
        options,
        stopped.into(),
    ))
}

/// The service behind a front door of the same process, which has checked the head and decided by host. Pages of other sites
/// are refused here too (security 13).
pub(crate) fn mounted(router: Router, config: &Config) -> Result<Router, InvalidTrustedProxy> {
    let proxies = Arc::new(TrustedProxies::new(config.listeners.trusted_proxy.clone())?);
    Ok(router
        .layer(middleware::from_fn_with_state(proxies, resolve_client))
        .layer(middleware::from_fn(refuse_foreign_pages)))
}

async fn refuse_foreign_pages(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    match browser::admit_page(request.method(), host, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            let json = [(header::CONTENT_TYPE, "application/json")];
            (refusal.status(), json, refusal.body()).into_response()
        }
    }
}

/// Security 4: the connection's address, or what a trusted proxy says; unknown fails every allowlist.
async fn resolve_client(
    State(proxies): State<Arc<TrustedProxies>>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<PeerAddr>().copied();
    let client = peer.and_then(|PeerAddr(peer)| {
        let lines: Vec<&[u8]> = request
            .headers()
            .get_all("x-forwarded-for")
            .iter()
            .map(axum::http::HeaderValue::as_bytes)
            .collect();
        match proxies.client(peer.ip(), lines.into_iter()) {
            ClientAddr::Known(address) => Some(address),
            ClientAddr::Unknown => None,
        }
    });
    request.extensions_mut().insert(ClientIp(client));
    next.run(request).await
}
