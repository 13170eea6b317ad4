//! `POST experiments/create`.

use axum::Json;
use axum::extract::State;
use hokusai_core::artifact_uri::ArtifactUri;
use hokusai_core::entity_key::check_key;
use hokusai_core::experiment::{check_name, check_tag};
use hokusai_core::text_limit;
use hokusai_store::experiments;
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};
use crate::json::Params;
use crate::mlflow::{read_tags, rule};
use crate::registry::RegistryState;

/// Creates an experiment.
pub async fn create(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = params.required_str("name")?;
    let location = params
        .opt_str("artifact_location")?
        .filter(|uri| !uri.is_empty());
    let tags = read_tags(&params)?;
    check_name(&name).map_err(rule)?;
    if let Some(uri) = location.as_deref() {
        check_location(uri)?;
    }
    for (key, value) in &tags {
        check_key(key, "key").map_err(rule)?;
        check_tag(key, value).map_err(rule)?;
    }
    let now_ms = state.clock.now_ms();
    let id = state
        .store
        .write(move |tx| {
            experiments::create(tx, &name, location.as_deref(), &tags, now_ms)?
                .ok_or_else(|| taken(&name))
        })
        .await?;
    Ok(Json(json!({"experiment_id": id.to_string()})))
}

pub(super) fn taken(name: &str) -> ApiError {
    ApiError::new(
        ErrorKind::AlreadyExists,
        format!("Experiment(name={name}) already exists."),
    )
}

/// Artifacts are kept by this server only; anything else would let a client write where the server may and the client may not.
fn check_location(uri: &str) -> Result<(), ApiError> {
    let is_stored = || matches!(uri.parse(), Ok(ArtifactUri::Stored(_)));
    let is_ours = uri.starts_with("mlflow-artifacts:") && is_stored();
    if is_ours && text_limit::URI.check("artifact_location", uri).is_ok() {
        return Ok(());
    }
    let uri: String = uri.chars().take(SHOWN).collect();
    Err(ApiError::invalid(format!(
        "artifact_location '{uri}' is not kept by this server: leave it out, or use `mlflow-artifacts:/PATH`, of at most {} \
         characters",
        text_limit::URI.most
    )))
}

/// Longer ones are cut in the message.
const SHOWN: usize = 300;
