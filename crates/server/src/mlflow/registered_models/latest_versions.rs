//! `GET` and `POST registered-models/get-latest-versions`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::Stage;
use hokusai_store::models;
use serde_json::{Value, json};

use super::{model_name, no_model, rule};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::model_versions::version_body;
use crate::registry::RegistryState;

/// The newest version of each stage, or of the stages that are asked for.
pub async fn latest_versions(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let name = model_name(&params, "name")?;
    let wanted: Vec<String> = params.str_list("stages")?;
    let model = state
        .store
        .read(move |tx| models::get(tx, &name)?.ok_or_else(|| no_model(&name)))
        .await?;
    let wanted: Vec<Stage> = wanted
        .iter()
        .map(|stage| stage.parse())
        .collect::<Result<_, _>>()
        .map_err(rule)?;
    let versions: Vec<Value> = model
        .latest_versions
        .into_iter()
        .filter(|version| wanted.is_empty() || wanted.contains(&version.stage))
        .map(|mut version| {
            let own = model
                .aliases
                .iter()
                .filter(|alias| alias.1 == version.version);
            version.aliases = own.map(|alias| alias.0.clone()).collect();
            version_body(&version)
        })
        .collect();
    Ok(Json(if versions.is_empty() {
        json!({})
    } else {
        json!({"model_versions": versions})
    }))
}
