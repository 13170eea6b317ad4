//! `POST model-versions/create`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::{ModelTag, ModelVersion};
use hokusai_core::python_text::json_string;
use hokusai_core::text_limit;
use hokusai_store::model_versions::{self, NewVersion};
use hokusai_store::{Tx, logged_models};
use serde_json::{Value, json};

use super::source::{Asked, resolve};
use super::version_body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::artifacts::freeze;
use crate::mlflow::registered_models::{model_name, no_model, rule, tags};
use crate::registry::RegistryState;
use crate::registry::event::{Event, record};

/// Creates the next version of a model. From then on the files that it refers to can't be changed.
pub async fn create(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let tags = tags(&params)?;
    let source = params.required_str("source")?;
    text_limit::URI.check("source", &source).map_err(rule)?;
    let asked = Asked {
        source,
        run_id: params.opt_text("run_id", text_limit::FOREIGN_ID)?,
        model_id: params.opt_text("model_id", text_limit::FOREIGN_ID)?,
        is_prompt: tags.iter().any(ModelTag::marks_a_prompt),
    };
    let description = params
        .opt_text("description", text_limit::DESCRIPTION)?
        .unwrap_or_default();
    let run_link = params
        .opt_text("run_link", text_limit::URI)?
        .unwrap_or_default();
    let resolved = state.store.read(move |tx| resolve(tx, &asked)).await?;
    let now_ms = state.clock.now_ms();
    let root = resolved.artifact_path.clone();
    let new = NewVersion {
        name,
        description: Some(description),
        user_id: None,
        source: resolved.source,
        download_uri: resolved.download_uri,
        artifact_path: resolved.artifact_path,
        run_id: Some(resolved.run_id.unwrap_or_default()),
        run_link: Some(run_link),
        model_id: resolved.model_id,
        tags,
        files: Vec::new(),
    };
    let version = freeze(&state, root, move |tx, files| {
        let new = NewVersion {
            files: files.to_vec(),
            ..new.clone()
        };
        let version =
            model_versions::insert(tx, &new, now_ms)?.ok_or_else(|| no_model(&new.name))?;
        if let Some(model_id) = &version.model_id {
            note_on_logged_model(tx, model_id, &version)?;
        }
        let created = Event::VersionCreated(&version.name, version.version);
        record(tx, &caller, now_ms, created)?;
        Ok::<_, ApiError>(version)
    })
    .await?;
    Ok(Json(json!({"model_version": version_body(&version)})))
}

/// Tells a logged model which versions it became, in MLflow's tag and in Python's spelling of JSON.
pub(crate) fn note_on_logged_model(
    tx: &mut dyn Tx,
    model_id: &str,
    version: &ModelVersion,
) -> Result<(), ApiError> {
    const TAG: &str = "mlflow.modelVersions";
    let Some(model) = logged_models::get(tx, model_id, false)? else {
        return Ok(());
    };
    let name = json_string(version.name.as_str());
    let entry = format!("{{\"name\": {name}, \"version\": {}}}", version.version);
    let before = model
        .tags
        .iter()
        .find(|tag| tag.0 == TAG)
        .map(|tag| tag.1.as_str());
    let value = match before.and_then(|list| list.strip_suffix(']')) {
        Some(list) if list.len() > 1 => format!("{list}, {entry}]"),
        _ => format!("[{entry}]"),
    };
    Ok(logged_models::set_tags(
        tx,
        model_id,
        &[(TAG.to_owned(), value)],
    )?)
}
