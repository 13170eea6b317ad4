//! `GET /api/models`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::search::{Query, Target};
use hokusai_store::model_search;
use serde_json::{Map, Value};

use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::Params;
use crate::mlflow::page_token;
use crate::mlflow::registered_models::{body::model_body, rule};
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
    let offset = page_token::decode(params.opt_str("page_token")?.as_deref())?;
    let query = Query::parse(Target::Models, &filter, &[]).map_err(rule)?;
    let mut models = state
        .store
        .read(move |tx| model_search::models(tx, &query, offset, PAGE + 1).map_err(ApiError::from))
        .await?;
    let mut body = Map::new();
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    if models.len() > page {
        models.truncate(page);
        body.insert(
            "next_page_token".to_owned(),
            page_token::encode(offset + PAGE).into(),
        );
    }
    let models: Vec<Value> = models.iter().map(model_body).collect();
    body.insert("models".to_owned(), models.into());
    Ok(Json(body.into()))
}
