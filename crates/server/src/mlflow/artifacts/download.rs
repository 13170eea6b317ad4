//! `GET /api/2.0/mlflow-artifacts/artifacts/{path}`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::response;
use crate::caller::Caller;
use crate::mlflow::registered_models::rule;
use crate::path::Path;
use crate::registry::RegistryState;

/// Streams a file, whole or one range of it.
pub async fn download(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    let sent = match path.parse() {
        Ok(path) => response::send_file(&state, &headers, &path).await,
        Err(invalid) => Err(rule(invalid)),
    };
    response::guarded(sent)
}
