//! `POST /api/models/register`: everything that makes an upload a version, in one transaction.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hokusai_core::artifact_uri::ArtifactUri;
use hokusai_core::logged_model::LoggedModelStatus;
use hokusai_core::model::{AliasName, ManifestEntry, ModelVersion};
use hokusai_core::text_limit;
use hokusai_store::model_versions::NewVersion;
use hokusai_store::{Tx, logged_models, model_aliases, model_versions, models};
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};
use crate::json::Params;
use crate::mlflow::artifacts::freeze;
use crate::mlflow::logged_models::existing;
use crate::mlflow::model_versions::{no_version, note_on_logged_model, version_body};
use crate::mlflow::registered_models::{model_name, no_model, rule, tags};
use crate::registry::RegistryState;
use crate::registry::event::{Event, record};

/// Registers an uploaded logged model as the next version of `name`, creating the model if it is new, and points
/// aliases at it. `files` says what was uploaded; a difference from what is stored is refused. All or nothing.
pub(super) async fn register(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let name = model_name(&params, "name")?;
    let model_id = params.required_str("model_id")?;
    let tags = tags(&params)?;
    let aliases = aliases(&params)?;
    let expected = expected(&params)?;
    let description = params
        .opt_text("description", text_limit::DESCRIPTION)?
        .unwrap_or_default();
    let wanted = model_id.clone();
    let logged = state
        .store
        .read(move |tx| existing(tx, &wanted, false))
        .await?;
    let Ok(ArtifactUri::Stored(root)) = logged.artifact_uri.parse() else {
        return Err(rule(format!(
            "the files of logged model '{model_id}' are not in this server's store"
        )));
    };
    let now_ms = state.clock.now_ms();
    let new = NewVersion {
        name,
        description: Some(description),
        user_id: None,
        source: format!("models:/{model_id}"),
        download_uri: logged.artifact_uri,
        artifact_path: Some(root.clone()),
        run_id: Some(logged.source_run_id.unwrap_or_default()),
        run_link: Some(String::new()),
        model_id: Some(model_id),
        tags,
        files: Vec::new(),
    };
    let version = freeze(&state, Some(root), move |tx, files| {
        compare(&expected, files)?;
        let new = NewVersion {
            files: files.to_vec(),
            ..new.clone()
        };
        insert(tx, &caller, &new, &aliases, now_ms)
    })
    .await?;
    Ok((
        StatusCode::CREATED,
        Json(json!({"model_version": version_body(&version)})),
    ))
}

fn insert(
    tx: &mut dyn Tx,
    caller: &Caller,
    new: &NewVersion,
    aliases: &[AliasName],
    now_ms: i64,
) -> Result<ModelVersion, ApiError> {
    let is_new = models::insert(tx, &new.name, None, &[], now_ms)?;
    let model_id = models::id(tx, &new.name)?.ok_or_else(|| no_model(&new.name))?;
    let version = model_versions::insert(tx, new, now_ms)?.ok_or_else(|| no_model(&new.name))?;
    for alias in aliases {
        model_aliases::set(tx, model_id, alias, version.version)?;
    }
    if let Some(logged) = &new.model_id {
        logged_models::finalize(tx, logged, LoggedModelStatus::Ready, now_ms)?;
        note_on_logged_model(tx, logged, &version)?;
    }
    if is_new {
        record(tx, caller, now_ms, Event::ModelCreated(&new.name))?;
    }
    let created = Event::VersionCreated(&new.name, version.version);
    record(tx, caller, now_ms, created)?;
    for alias in aliases {
        let set = Event::AliasSet(&new.name, alias, version.version);
        record(tx, caller, now_ms, set)?;
    }
    model_versions::get(tx, &new.name, version.version)?
        .ok_or_else(|| no_version(&new.name, version.version))
}

fn aliases(params: &Params) -> Result<Vec<AliasName>, ApiError> {
    let parse = |raw: &String| {
        let alias: AliasName = raw.parse().map_err(rule)?;
        alias.check_settable().map_err(rule)?;
        Ok(alias)
    };
    params.str_list("aliases")?.iter().map(parse).collect()
}

/// Path and digest of what the client says that it uploaded.
fn expected(params: &Params) -> Result<BTreeMap<String, String>, ApiError> {
    let pair = |file: &Params| Ok((file.required_str("path")?, file.required_str("sha256")?));
    params.objects("files")?.iter().map(pair).collect()
}

fn compare(expected: &BTreeMap<String, String>, stored: &[ManifestEntry]) -> Result<(), ApiError> {
    let stored: BTreeMap<String, String> = stored
        .iter()
        .map(|file| (file.path.clone(), file.sha256.clone()))
        .collect();
    if stored.is_empty() {
        return Err(ApiError::new(
            ErrorKind::InvalidState,
            "nothing was uploaded for this model: upload its files first",
        ));
    }
    if &stored == expected {
        return Ok(());
    }
    let differs = |path: &&String| stored.get(*path) != expected.get(*path);
    let first = expected
        .keys()
        .chain(stored.keys())
        .find(differs)
        .cloned()
        .unwrap_or_default();
    Err(ApiError::new(
        ErrorKind::InvalidState,
        format!(
            "what is stored differs from what was sent, first at `{first}`: start the registration again"
        ),
    ))
}
