//! `POST logged-models/search`.

use axum::Json;
use axum::extract::State;
use hokusai_core::model::search::{Query, Target};
use hokusai_store::model_search;
use serde_json::{Map, Value};

use super::body::model_body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, missing};
use crate::mlflow::page_token;
use crate::mlflow::registered_models::rule;
use crate::registry::RegistryState;

/// MLflow's default page.
const DEFAULT_RESULTS: i64 = 100;
/// Larger pages are cut to this.
const MAX_RESULTS: i64 = 1000;

/// Logged models of some experiments that match a filter. Metrics of logged models are neither stored nor compared.
pub async fn search(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let experiment_ids = params.str_list("experiment_ids")?;
    if experiment_ids.is_empty() {
        return Err(missing("experiment_ids"));
    }
    let parse = |id: &String| {
        id.parse::<i64>().map_err(|_| {
            rule(format!(
                "Invalid experiment ID '{id}'. Experiment ID must be a valid integer."
            ))
        })
    };
    let experiment_ids: Vec<i64> = experiment_ids.iter().map(parse).collect::<Result<_, _>>()?;
    let filter = params.opt_str("filter")?.unwrap_or_default();
    let max_results = params
        .opt_i64("max_results")?
        .filter(|count| *count > 0)
        .unwrap_or(DEFAULT_RESULTS);
    let max_results = max_results.min(MAX_RESULTS);
    let offset = page_token::decode(params.opt_str("page_token")?.as_deref())?;
    let query = Query::parse(Target::Logged, &filter, &order_by(&params)?).map_err(rule)?;
    let mut models = state
        .store
        .read(move |tx| {
            model_search::logged_models(tx, &experiment_ids, &query, offset, max_results + 1)
                .map_err(ApiError::from)
        })
        .await?;
    let mut body = Map::new();
    let page = usize::try_from(max_results).unwrap_or(usize::MAX);
    if models.len() > page {
        models.truncate(page);
        body.insert(
            "next_page_token".to_owned(),
            page_token::encode(offset + max_results).into(),
        );
    }
    if !models.is_empty() {
        let models: Vec<Value> = models.iter().map(model_body).collect();
        body.insert("models".to_owned(), models.into());
    }
    Ok(Json(body.into()))
}

/// The order's objects as clauses: `{"field_name": "name", "ascending": false}` is `name DESC`.
fn order_by(params: &Params) -> Result<Vec<String>, ApiError> {
    let clause = |part: &Params| {
        let field = part.required_str("field_name")?;
        let direction = if part.opt_bool("ascending")?.unwrap_or(true) {
            "ASC"
        } else {
            "DESC"
        };
        Ok(format!("{field} {direction}"))
    };
    params.objects("order_by")?.iter().map(clause).collect()
}
