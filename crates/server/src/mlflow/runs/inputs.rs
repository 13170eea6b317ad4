//! `POST runs/log-inputs` and `POST runs/outputs`.

use axum::Json;
use axum::extract::State;
use hokusai_store::run_inputs::{self, DatasetInput, Direction, RunModel};
use serde_json::{Value, json};

use super::active;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::json::{Params, missing};
use crate::mlflow::read_tags;
use crate::registry::RegistryState;

/// Notes which datasets and models a run read.
pub async fn log_inputs(
    State(state): State<RegistryState>,
    _caller: Caller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let run_id = params.run_id()?;
    let datasets = params
        .objects("datasets")?
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
    params
        .objects("models")?
        .iter()
        .map(|model| {
            Ok(RunModel {
                direction,
                model_id: model.opt_str("model_id")?.unwrap_or_default(),
                step: model.opt_i64("step")?.unwrap_or_default(),
            })
        })
        .collect()
}

fn read_dataset(input: &Params) -> Result<DatasetInput, ApiError> {
    let dataset = input.object("dataset")?.unwrap_or_default();
    Ok(DatasetInput {
        name: dataset.required_str("name")?,
        digest: dataset.opt_str("digest")?.unwrap_or_default(),
        source_type: dataset.opt_str("source_type")?.unwrap_or_default(),
        source: dataset.opt_str("source")?.unwrap_or_default(),
        schema: dataset.opt_str("schema")?,
        profile: dataset.opt_str("profile")?,
        tags: read_tags(input)?,
    })
}
