//! `GET /api/models/{name}/lineage`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::{ModelName, ModelVersion};
use hokusai_core::search::{Attribute, Clause, Field, Query, Target, Test};
use hokusai_store::search_sql::Page;
use hokusai_store::{Tx, models, search_sql};
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::error::ApiError;
use crate::mlflow::registered_models::{no_model, rule};
use crate::path::Path;
use crate::registry::RegistryState;

/// Versions shown; older ones are cut.
const SHOWN: Page = Page {
    offset: 0,
    limit: 1000,
};

/// Where each version of a model comes from: run, logged model, source.
pub(super) async fn lineage(
    State(state): State<RegistryState>,
    _caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let name: ModelName = name.parse().map_err(rule)?;
    let mut query =
        Query::parse(Target::Versions, "", &["version_number DESC".to_owned()]).map_err(rule)?;
    query.clauses.push(Clause {
        field: Field::Attribute(Attribute::Name),
        test: Test::Text {
            is_negated: false,
            text: name.to_string(),
        },
    });
    let shown = name.to_string();
    let versions = state
        .store
        .read(move |tx: &mut dyn Tx| {
            models::id(tx, &name)?.ok_or_else(|| no_model(&name))?;
            search_sql::versions(tx, &query, SHOWN).map_err(ApiError::from)
        })
        .await?;
    let lineage: Vec<Value> = versions.iter().map(step).collect();
    Ok(Json(json!({"model": shown, "lineage": lineage})))
}

fn step(version: &ModelVersion) -> Value {
    json!({
        "version": version.version.to_string(),
        "created_at_ms": version.created_at_ms,
        "stage": version.stage.as_str(),
        "source": version.source,
        "run_id": version.run_id.as_deref().filter(|id| !id.is_empty()),
        "model_id": version.model_id,
    })
}
