//! `POST runs/log-inputs` and `POST runs/outputs`.

use axum::Json;
use axum::extract::State;
use hokusai_core::run::check_count;
use hokusai_core::text_limit;
use hokusai_store::run_inputs::{self, DatasetInput, Direction, RunModel};
use serde_json::{Value, json};

use super::active;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, missing};
use crate::mlflow::{read_tags, rule};
use crate::registry::RegistryState;

/// Notes which datasets and models a run read.
pub async fn log_inputs(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let run_id = params.run_id()?;
    let datasets = params.objects("datasets")?;
    check_count("datasets", datasets.len(), MOST_INPUTS).map_err(rule)?;
    let datasets = datasets
        .iter()
        .map(read_dataset)
        .collect::<Result<Vec<_>, _>>()?;
    let models = read_models(&params, Direction::Input)?;
    state
        .store
        .write(move |tx| {
            let run = active(tx, &run_id)?;
            for dataset in &datasets {
                run_inputs::add_dataset(tx, run.row_id, run.experiment_id, dataset)?;
            }
            for model in &models {
                run_inputs::add_model(tx, run.row_id, model)?;
            }
            Ok::<_, ApiError>(())
        })
        .await?;
    Ok(Json(json!({})))
}

/// Notes which models a run made.
pub async fn log_outputs(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let run_id = params.run_id()?;
    if params.value("models").is_none() {
        return Err(missing("models"));
    }
    let models = read_models(&params, Direction::Output)?;
    state
        .store
        .write(move |tx| {
            let run = active(tx, &run_id)?;
            for model in &models {
                run_inputs::add_model(tx, run.row_id, model)?;
            }
            Ok::<_, ApiError>(())
        })
        .await?;
    Ok(Json(json!({})))
}

fn read_models(params: &Params, direction: Direction) -> Result<Vec<RunModel>, ApiError> {
    let models = params.objects("models")?;
    check_count("models", models.len(), MOST_INPUTS).map_err(rule)?;
    models
        .iter()
        .map(|model| {
            Ok(RunModel {
                direction,
                model_id: model
                    .opt_text("model_id", text_limit::FOREIGN_ID)?
                    .unwrap_or_default(),
                step: model.opt_i64("step")?.unwrap_or_default(),
            })
        })
        .collect()
}

fn read_dataset(input: &Params) -> Result<DatasetInput, ApiError> {
    let dataset = input.object("dataset")?.unwrap_or_default();
    let name = dataset.required_str("name")?;
    text_limit::DATASET_NAME
        .check("name", &name)
        .map_err(rule)?;
    let text =
        |field, limit| Ok::<_, ApiError>(dataset.opt_text(field, limit)?.unwrap_or_default());
    let tags = read_tags(input)?;
    check_count("tags", tags.len(), MOST_INPUTS).map_err(rule)?;
    for (key, value) in &tags {
        text_limit::INPUT_TAG_KEY.check("key", key).map_err(rule)?;
        text_limit::INPUT_TAG_VALUE
            .check("value", value)
            .map_err(rule)?;
    }
    Ok(DatasetInput {
        name,
        digest: text("digest", text_limit::DATASET_DIGEST)?,
        source_type: text("source_type", text_limit::DATASET_SOURCE_TYPE)?,
        source: text("source", text_limit::DATASET_SOURCE)?,
        schema: dataset.opt_text("schema", text_limit::DATASET_SCHEMA)?,
        profile: dataset.opt_text("profile", text_limit::DATASET_PROFILE)?,
        tags,
    })
}

/// MLflow's limit of datasets in a batch; models and a dataset's tags have none there, and need no more.
const MOST_INPUTS: usize = 1000;
