//! `POST logged-models/search`.

use axum::Json;
use axum::extract::State;
use hokusai_core::logged_model::Dataset;
use hokusai_core::run::check_count;
use hokusai_core::search::{LoggedModelOrder, Query};
use hokusai_store::search_sql;
use serde_json::Value;

use super::body::model_body;
use super::dataset;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, missing};
use crate::mlflow::registered_models::rule;
use crate::mlflow::{experiments, search_request};
use crate::registry::RegistryState;

/// MLflow's default page.
const DEFAULT_RESULTS: i64 = 100;
/// Larger pages are cut to this.
const MAX_RESULTS: i64 = 1000;
/// More datasets than anybody compares; each adds a condition to the statement.
const MAX_DATASETS: usize = 100;

/// Logged models of some experiments that match a filter.
pub async fn search(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    if params.value("experiment_ids").is_none() {
        return Err(missing("experiment_ids"));
    }
    let experiment_ids = params.str_list("experiment_ids")?;
    check_count(
        "experiment_ids",
        experiment_ids.len(),
        search_request::MOST_EXPERIMENTS,
    )
    .map_err(rule)?;
    let experiment_ids: Vec<i64> = experiment_ids
        .iter()
        .map(|id| experiments::parse_id(id))
        .collect::<Result<_, _>>()?;
    let filter = params.opt_str("filter")?.unwrap_or_default();
    let datasets = datasets(&params)?;
    let wanted = params.opt_i64("max_results")?.filter(|count| *count > 0);
    let page =
        search_request::page_of(&params, wanted.unwrap_or(DEFAULT_RESULTS).min(MAX_RESULTS))?;
    let query = Query::of_logged_models(&filter, &order_by(&params)?).map_err(rule)?;
    let models = state
        .store
        .read(move |tx| {
            search_sql::logged_models(tx, &experiment_ids, &query, &datasets, page)
                .map_err(ApiError::from)
        })
        .await?;
    let models = models.iter().map(model_body).collect();
    Ok(Json(search_request::answer("models", page, models)))
}

fn datasets(params: &Params) -> Result<Vec<Dataset>, ApiError> {
    let datasets: Vec<Dataset> = params
        .objects("datasets")?
        .iter()
        .map(dataset)
        .collect::<Result<_, _>>()?;
    if datasets.len() > MAX_DATASETS {
        return Err(rule(format!(
            "`datasets` may have at most {MAX_DATASETS} entries"
        )));
    }
    if datasets.iter().any(|dataset| dataset.name.is_none()) {
        return Err(rule(
            "`dataset_name` in the `datasets` clause must be specified.",
        ));
    }
    Ok(datasets)
}

fn order_by(params: &Params) -> Result<Vec<LoggedModelOrder>, ApiError> {
    let part = |part: &Params| {
        Ok(LoggedModelOrder {
            field_name: part.opt_str("field_name")?.unwrap_or_default(),
            is_ascending: part.opt_bool("ascending")?.unwrap_or(true),
            dataset: Some(dataset(part)?),
        })
    };
    params.objects("order_by")?.iter().map(part).collect()
}
