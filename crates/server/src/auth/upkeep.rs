//! What runs beside the requests: hearing other replicas' changes, and writing usage.

use std::sync::Weak;
use std::time::Duration;

use super::service::{AuthService, Shared};

/// How often the epoch is asked for: other replicas' revocations are heard within a second.
pub const EPOCH_POLL_MS: u64 = 500;

/// How often usage and last use are written; a killed process loses at most this much of them.
pub const FLUSH_MS: u64 = 5_000;

/// Starts it. It ends by itself when the last clone of the service is gone.
pub(super) fn start(service: &AuthService) {
    let shared = std::sync::Arc::downgrade(&service.shared);
    tokio::spawn(follow(shared.clone()));
    tokio::spawn(flush(shared));
}

async fn follow(shared: Weak<Shared>) {
    let mut was_heard = true;
    loop {
        tokio::time::sleep(Duration::from_millis(EPOCH_POLL_MS)).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let heard = AuthService { shared }.follow().await;
        match &heard {
            Err(error) if was_heard => {
                tracing::error!(error = %error, "the key database is not answering: known keys keep working for a while");
            }
            Ok(()) if !was_heard => tracing::info!("the key database answers again"),
            _ => {}
        }
        was_heard = heard.is_ok();
    }
}

async fn flush(shared: Weak<Shared>) {
    loop {
        tokio::time::sleep(Duration::from_millis(FLUSH_MS)).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        if let Err(error) = (AuthService { shared }).flush().await {
            tracing::warn!(error = %error, "usage of the last seconds could not be written");
        }
    }
}
