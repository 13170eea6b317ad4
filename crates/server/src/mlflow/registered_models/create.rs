//! `POST registered-models/create`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::ModelTag;
use hokusai_core::python_text::repr;
use hokusai_core::text_limit;
use hokusai_store::models;
use serde_json::{Value, json};

use super::body::model_body;
use super::{model_name, no_model, tags};
use crate::caller::Caller;
use crate::error::{ApiError, ErrorKind};
use crate::json::Params;
use crate::registry::RegistryState;
use crate::registry::event::{Event, record};

/// Creates a registered model.
pub async fn create(
    State(state): State<RegistryState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let tags = tags(&params)?;
    let description = params.opt_text("description", text_limit::DESCRIPTION)?;
    let now_ms = state.clock.now_ms();
    let model = state
        .store
        .write(move |tx| {
            let is_new = models::insert(tx, &name, description.as_deref(), &tags, now_ms)?;
            let model = models::get(tx, &name)?.ok_or_else(|| no_model(&name))?;
            if is_new {
                record(tx, &caller, now_ms, Event::ModelCreated(&name))?;
                return Ok(model);
            }
            let is_prompt = |tags: &[ModelTag]| tags.iter().any(ModelTag::marks_a_prompt);
            Err(taken(
                name.as_str(),
                is_prompt(&model.tags),
                is_prompt(&tags),
            ))
        })
        .await?;
    Ok(Json(json!({"registered_model": model_body(&model)})))
}

fn taken(name: &str, is_prompt: bool, wants_prompt: bool) -> ApiError {
    let word = |is_prompt| {
        if is_prompt {
            "Prompt"
        } else {
            "Registered Model"
        }
    };
    let (old, new) = (word(is_prompt), word(wants_prompt));
    let message = if old == new {
        format!("{new} (name={name}) already exists.")
    } else {
        format!(
            "Tried to create a {} with name {}, but the name is already taken by a {}. MLflow does not allow creating \
             a model and a prompt with the same name.",
            new.to_lowercase(),
            repr(name),
            old.to_lowercase()
        )
    };
    ApiError::new(ErrorKind::AlreadyExists, message)
}
