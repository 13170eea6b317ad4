//! The target group that the generic rule sends everything to: healthy, and silent about what it does not know.

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

/// Answers `/health`, and nothing else, ever. Returns its `HOST:PORT`.
pub(super) async fn start() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let router = Router::new()
        .route("/health", get(|| async { "OK" }))
        .fallback(std::future::pending::<()>);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}
