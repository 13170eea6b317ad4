//! What a run read and made: datasets and models.

use crate::{StoreError, Tx, params, statements};

statements! {
    Registry;
    /// A dataset, known by name and digest within its experiment.
    INSERT_DATASET = "INSERT INTO datasets (experiment_id, name, digest, source_type, source, dataset_schema, profile)
                      VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (experiment_id, name, digest) DO NOTHING";
    /// Its number.
    DATASET_ID = "SELECT id FROM datasets WHERE experiment_id = $1 AND name = $2 AND digest = $3";
    /// A run read a dataset.
    LINK_DATASET = "INSERT INTO run_datasets (run_id, dataset_id, tags) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    /// A run read or made a model.
    LINK_MODEL = "INSERT INTO run_models (run_id, direction, model_id, step) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    /// Datasets of several runs.
    DATASETS = "SELECT r.run_id, d.name, d.digest, d.source_type, d.source, d.dataset_schema, d.profile, r.tags
                FROM run_datasets r JOIN datasets d ON d.id = r.dataset_id WHERE r.run_id = ANY($1) ORDER BY r.run_id, d.id";
    /// Models of several runs.
    MODELS = "SELECT run_id, direction, model_id, step FROM run_models WHERE run_id = ANY($1)
              ORDER BY run_id, direction, model_id";
}

/// A dataset that a run read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetInput {
    /// Its name.
    pub name: String,
    /// A digest of its content, as the client computed it.
    pub digest: String,
    /// What kind of source it has.
    pub source_type: String,
    /// The source, as JSON text.
    pub source: String,
    /// The schema, as JSON text.
    pub schema: Option<String>,
    /// A summary, as JSON text.
    pub profile: Option<String>,
    /// Tags of the input.
    pub tags: Vec<(String, String)>,
}

/// Whether a run read or made a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Read.
    Input,
    /// Made.
    Output,
}

impl Direction {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
        }
    }
}

/// A model that a run read or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunModel {
    /// Which of both.
    pub direction: Direction,
    /// The logged model's id.
    pub model_id: String,
    /// At which step it was made; 0 for inputs.
    pub step: i64,
}

/// Notes that a run read a dataset.
pub fn add_dataset(
    tx: &mut dyn Tx,
    run: i64,
    experiment: i64,
    input: &DatasetInput,
) -> Result<(), StoreError> {
    tx.execute(
        &INSERT_DATASET,
        &params![
            experiment,
            &input.name,
            &input.digest,
            &input.source_type,
            &input.source,
            input.schema.clone(),
            input.profile.clone()
        ],
    )?;
    let id = tx
        .query_one(
            &DATASET_ID,
            &params![experiment, &input.name, &input.digest],
        )?
        .int(0)?;
    let tags = serde_json::to_string(&input.tags).map_err(|error| StoreError::Damaged {
        what: "dataset tags",
        reason: error.to_string(),
    })?;
    tx.execute(&LINK_DATASET, &params![run, id, tags]).map(drop)
}

/// Notes that a run read or made a model.
pub fn add_model(tx: &mut dyn Tx, run: i64, model: &RunModel) -> Result<(), StoreError> {
    tx.execute(
        &LINK_MODEL,
        &params![run, model.direction.as_str(), &model.model_id, model.step],
    )
    .map(drop)
}

/// Datasets of several runs, with the runs' row numbers.
pub fn datasets(tx: &mut dyn Tx, runs: &[i64]) -> Result<Vec<(i64, DatasetInput)>, StoreError> {
    tx.query(&DATASETS, &params![runs.to_vec()])?
        .iter()
        .map(|row| {
            let tags =
                serde_json::from_str(&row.text(7)?).map_err(|error| StoreError::Damaged {
                    what: "dataset tags",
                    reason: error.to_string(),
                })?;
            let input = DatasetInput {
                name: row.text(1)?,
                digest: row.text(2)?,
                source_type: row.text(3)?,
                source: row.text(4)?,
                schema: row.opt_text(5)?,
                profile: row.opt_text(6)?,
                tags,
            };
            Ok((row.int(0)?, input))
        })
        .collect()
}

/// Models of several runs, with the runs' row numbers.
pub fn models(tx: &mut dyn Tx, runs: &[i64]) -> Result<Vec<(i64, RunModel)>, StoreError> {
    tx.query(&MODELS, &params![runs.to_vec()])?
        .iter()
        .map(|row| {
            let direction = if row.text(1)? == Direction::Input.as_str() {
                Direction::Input
            } else {
                Direction::Output
            };
            Ok((
                row.int(0)?,
                RunModel {
                    direction,
                    model_id: row.text(2)?,
                    step: row.int(3)?,
                },
            ))
        })
        .collect()
}
