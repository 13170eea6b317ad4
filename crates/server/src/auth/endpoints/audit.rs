//! `GET /api/v1/audit`: who did what to which key.

use axum::Json;
use axum::extract::{Query, State};
use hokusai_store::audit;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::auth::service::AuthService;
use crate::auth::view::iso;
use crate::error::ApiError;

/// Which page.
#[derive(Deserialize)]
pub struct Page {
    after: Option<i64>,
    limit: Option<i64>,
}

/// Entries after number `after`, oldest first.
pub async fn list(
    State(service): State<AuthService>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, ApiError> {
    let limit = page.limit.unwrap_or(100).clamp(1, 1000);
    let after = page.after.unwrap_or(0);
    let entries = service
        .store()
        .read(move |tx| audit::page(tx, after, limit))
        .await?;
    let entries: Vec<Value> = entries
        .iter()
        .map(|recorded| {
            json!({
                "seq": recorded.seq,
                "at": iso(recorded.entry.at_ms),
                "actor": recorded.entry.actor,
                "action": recorded.entry.action,
                "target": recorded.entry.target,
                "client_ip": recorded.entry.client_ip,
            })
        })
        .collect();
    Ok(Json(json!({"entries": entries})))
}
