//! `GET /api/models`.

use axum::Json;
use axum::extract::State;
use hokusai_core::search::{Query, Target};
use hokusai_store::search_sql;
use serde_json::Value;

use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::registered_models::{body::model_body, rule};
use crate::mlflow::search_request;
use crate::registry::RegistryState;

/// Models on a page.
const PAGE: i64 = 100;

/// Registered models by name; `next_page_token` leads on.
pub(super) async fn list(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let filter = params.opt_str("filter")?.unwrap_or_default();
    let page = search_request::page_of(&params, PAGE)?;
    let query = Query::parse(Target::Models, &filter, &[]).map_err(rule)?;
    let models = state
        .store
        .read(move |tx| search_sql::models(tx, &query, page).map_err(ApiError::from))
        .await?;
    let mut body = search_request::answer("models", page, models.iter().map(model_body).collect());
    if let Some(fields) = body.as_object_mut() {
        // Unlike MLflow's lists, an empty one is there.
        fields
            .entry("models")
            .or_insert_with(|| Value::Array(Vec::new()));
    }
    Ok(Json(body))
}
