//! What a version's source means: parsed once, never opened.

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::artifact_uri::{ArtifactUri, ModelUri};
use hokusai_core::model::{AliasName, ModelName, ModelTag, ModelVersion};
use hokusai_store::{Tx, logged_models, model_versions, models, runs};

use super::no_version;
use crate::error::ApiError;
use crate::mlflow::registered_models::alias::resolve as resolve_alias;
use crate::mlflow::registered_models::{no_model, rule};

/// What the client asks for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) source: String,
    pub(super) run_id: Option<String>,
    pub(super) model_id: Option<String>,
    /// Prompts have no files; their source is a placeholder.
    pub(super) is_prompt: bool,
}

/// What it means.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) source: String,
    pub(super) download_uri: String,
    pub(super) artifact_path: Option<ArtifactPath>,
    pub(super) run_id: Option<String>,
    pub(super) model_id: Option<String>,
}

/// The placeholders that MLflow's clients send for prompts.
const PROMPT_SOURCES: [&str; 2] = ["dummy-source", "prompt-template"];

/// Finds what a source refers to, within the run or logged model that the client names.
pub(super) fn resolve(tx: &mut dyn Tx, asked: &Asked) -> Result<Resolved, ApiError> {
    if asked.is_prompt {
        if PROMPT_SOURCES.contains(&asked.source.as_str()) {
            return Ok(asked.as_is(None));
        }
        let source = &asked.source;
        return Err(rule(format!(
            "Invalid prompt source: '{source}'. Prompt sources must use an MLflow placeholder."
        )));
    }
    match asked.source.parse::<ArtifactUri>().map_err(rule)? {
        ArtifactUri::Stored(path) => {
            let root = owned_root(tx, asked)?;
            if !root.is_some_and(|root| path.is_within(&root)) {
                return Err(asked.not_contained());
            }
            Ok(asked.as_is(Some(path)))
        }
        ArtifactUri::Run { run_id, path } if asked.run_id.as_deref() == Some(&run_id) => {
            let run = runs::info(tx, &run_id)?.ok_or_else(|| asked.not_contained())?;
            let root = stored(&run.artifact_uri);
            Ok(asked.as_is(match (root, path) {
                (Some(root), Some(path)) => Some(root.join(&path)),
                (root, _) => root,
            }))
        }
        ArtifactUri::Model(ModelUri::Logged(id)) if asked.model_id.as_deref() == Some(&id) => {
            let model = logged_models::get(tx, &id, false)?.ok_or_else(|| asked.not_contained())?;
            let run_id = asked
                .run_id
                .clone()
                .filter(|id| !id.is_empty())
                .or(model.source_run_id);
            Ok(Resolved {
                download_uri: model.artifact_uri.clone(),
                run_id,
                ..asked.as_is(stored(&model.artifact_uri))
            })
        }
        ArtifactUri::Run { .. } | ArtifactUri::Model(ModelUri::Logged(_)) => {
            Err(asked.not_contained())
        }
        ArtifactUri::Model(uri) => copy_of(tx, asked, &uri),
        ArtifactUri::Foreign(_) => Ok(asked.as_is(None)),
    }
}

impl Asked {
    fn as_is(&self, artifact_path: Option<ArtifactPath>) -> Resolved {
        Resolved {
            source: self.source.clone(),
            download_uri: self.source.clone(),
            artifact_path,
            run_id: self.run_id.clone(),
            model_id: self.model_id.clone().filter(|id| !id.is_empty()),
        }
    }

    fn not_contained(&self) -> ApiError {
        let has_model = self.model_id.as_deref().is_some_and(|id| !id.is_empty());
        let field = if has_model { "model_id" } else { "run_id" };
        rule(format!(
            "Invalid model version source: '{}'. The {field} request parameter must identify the resource that \
             contains the source.",
            self.source
        ))
    }
}

/// The path in our own store, if the URI is one of it.
fn stored(uri: &str) -> Option<ArtifactPath> {
    match uri.parse() {
        Ok(ArtifactUri::Stored(path)) => Some(path),
        _ => None,
    }
}

/// Where the artifacts of the logged model or the run are that the client names; `None` when there is none, or they are elsewhere.
fn owned_root(tx: &mut dyn Tx, asked: &Asked) -> Result<Option<ArtifactPath>, ApiError> {
    let named = |id: &Option<String>| id.clone().filter(|id| !id.is_empty());
    let uri = match (named(&asked.model_id), named(&asked.run_id)) {
        (Some(model_id), _) => {
            logged_models::get(tx, &model_id, false)?.map(|model| model.artifact_uri)
        }
        (None, Some(run_id)) => runs::info(tx, &run_id)?.map(|run| run.artifact_uri),
        (None, None) => None,
    };
    Ok(uri.and_then(|uri| stored(&uri)))
}

/// A version made from another version: it shares its files.
fn copy_of(tx: &mut dyn Tx, asked: &Asked, uri: &ModelUri) -> Result<Resolved, ApiError> {
    let original = referenced(tx, uri)?;
    let model = models::get(tx, &original.name)?.ok_or_else(|| no_model(&original.name))?;
    if model.tags.iter().any(ModelTag::marks_a_prompt) {
        return Err(rule(format!(
            "Invalid model version source: '{}'. Prompt versions cannot be used as model version sources.",
            asked.source
        )));
    }
    let differs = |asked: &Option<String>, own: &Option<String>| {
        asked
            .as_ref()
            .is_some_and(|asked| asked != own.as_deref().unwrap_or_default())
    };
    if differs(&asked.run_id, &original.run_id) || differs(&asked.model_id, &original.model_id) {
        return Err(rule(format!(
            "Invalid model version source: '{}'. The run_id and model_id request parameters must match the referenced \
             model version.",
            asked.source
        )));
    }
    let artifact_path = stored(&original.download_uri);
    Ok(Resolved {
        source: format!("models:/{}/{}", original.name, original.version),
        download_uri: original.download_uri,
        artifact_path,
        run_id: original.run_id,
        model_id: original.model_id,
    })
}

fn referenced(tx: &mut dyn Tx, uri: &ModelUri) -> Result<ModelVersion, ApiError> {
    let alias = |name: &ModelName, alias: &str, tx: &mut dyn Tx| {
        let alias: AliasName = alias.parse().map_err(rule)?;
        resolve_alias(tx, name, &alias)
    };
    match uri {
        ModelUri::Version(name, version) => {
            model_versions::get(tx, name, *version)?.ok_or_else(|| no_version(name, *version))
        }
        ModelUri::Alias(name, found) => alias(name, found.as_str(), tx),
        ModelUri::Latest(name) => alias(name, "latest", tx),
        ModelUri::Stage(name, stage) => {
            let model = models::get(tx, name)?.ok_or_else(|| no_model(name))?;
            let found = model
                .latest_versions
                .into_iter()
                .find(|version| version.stage == *stage);
            found.ok_or_else(|| {
                rule(format!(
                    "No versions of model with name '{name}' and stage '{stage}' found"
                ))
            })
        }
        ModelUri::Logged(id) => Err(ApiError::missing(format!(
            "Logged model with ID '{id}' not found."
        ))),
    }
}
