//! Experiments and their tags.

use std::collections::HashMap;

use hokusai_core::experiment::{Experiment, Lifecycle};

use crate::{Row, StoreError, Tx, params, statements};

statements! {
    Registry;
    /// A new experiment, unless the name is taken.
    INSERT = "INSERT INTO experiments (name, artifact_location, lifecycle, created_ms, updated_ms)
              VALUES ($1, $2, 'active', $3, $3) ON CONFLICT (name) DO NOTHING RETURNING id";
    /// Where its artifacts are; the default holds the number, which is known only afterwards.
    SET_LOCATION = "UPDATE experiments SET artifact_location = $2 WHERE id = $1";
    /// One by its number.
    GET = "SELECT id, name, artifact_location, lifecycle, created_ms, updated_ms FROM experiments WHERE id = $1";
    /// One by its name.
    GET_BY_NAME = "SELECT id, name, artifact_location, lifecycle, created_ms, updated_ms FROM experiments WHERE name = $1";
    /// Several by their numbers.
    GET_MANY = "SELECT id, name, artifact_location, lifecycle, created_ms, updated_ms FROM experiments WHERE id = ANY($1)";
    /// Deletes or restores.
    SET_LIFECYCLE = "UPDATE experiments SET lifecycle = $2, updated_ms = $3 WHERE id = $1";
    /// Deletes or restores the runs of an experiment.
    SET_RUNS_LIFECYCLE = "UPDATE runs SET lifecycle = $2, deleted_ms = $3 WHERE experiment_id = $1 AND lifecycle <> $2";
    /// Renames, unless the name is taken.
    RENAME = "UPDATE experiments SET name = $2, updated_ms = $3
              WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM experiments WHERE name = $2 AND id <> $1)";
    /// Sets a tag.
    SET_TAG = "INSERT INTO experiment_tags (experiment_id, key, value) VALUES ($1, $2, $3)
               ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value";
    /// Notes that something changed.
    TOUCH = "UPDATE experiments SET updated_ms = $2 WHERE id = $1";
    /// Deletes a tag.
    DELETE_TAG = "DELETE FROM experiment_tags WHERE experiment_id = $1 AND key = $2";
    /// Tags of several experiments.
    TAGS = "SELECT experiment_id, key, value FROM experiment_tags WHERE experiment_id = ANY($1) ORDER BY experiment_id, key";
}

/// Creates an experiment; `None` if the name is taken. Without a location it gets `mlflow-artifacts:/<id>`.
pub fn create(
    tx: &mut dyn Tx,
    name: &str,
    location: Option<&str>,
    tags: &[(String, String)],
    now_ms: i64,
) -> Result<Option<i64>, StoreError> {
    let Some(row) = tx.query_opt(
        &INSERT,
        &params![name, location.unwrap_or_default(), now_ms],
    )?
    else {
        return Ok(None);
    };
    let id = row.int(0)?;
    if location.is_none() {
        tx.execute(
            &SET_LOCATION,
            &params![id, format!("mlflow-artifacts:/{id}")],
        )?;
    }
    for (key, value) in tags {
        tx.execute(&SET_TAG, &params![id, key, value])?;
    }
    Ok(Some(id))
}

/// One experiment, deleted or not.
pub fn get(tx: &mut dyn Tx, id: i64) -> Result<Option<Experiment>, StoreError> {
    let row = tx.query_opt(&GET, &params![id])?;
    one(tx, row.as_ref())
}

/// One experiment, deleted or not.
pub fn get_by_name(tx: &mut dyn Tx, name: &str) -> Result<Option<Experiment>, StoreError> {
    let row = tx.query_opt(&GET_BY_NAME, &params![name])?;
    one(tx, row.as_ref())
}

/// Experiments in the order of `ids`.
pub fn get_many(tx: &mut dyn Tx, ids: &[i64]) -> Result<Vec<Experiment>, StoreError> {
    let rows = tx.query(&GET_MANY, &params![ids.to_vec()])?;
    let mut found = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    add_tags(tx, &mut found)?;
    let places: HashMap<i64, usize> = ids.iter().copied().zip(0..).collect();
    found.sort_by_key(|experiment| places.get(&experiment.id).copied());
    Ok(found)
}

/// Deletes or restores an experiment with its runs. Answers whether there is one.
pub fn set_lifecycle(
    tx: &mut dyn Tx,
    id: i64,
    lifecycle: Lifecycle,
    now_ms: i64,
) -> Result<bool, StoreError> {
    if tx.execute(&SET_LIFECYCLE, &params![id, lifecycle.as_str(), now_ms])? == 0 {
        return Ok(false);
    }
    let deleted_ms = (lifecycle == Lifecycle::Deleted).then_some(now_ms);
    tx.execute(
        &SET_RUNS_LIFECYCLE,
        &params![id, lifecycle.as_str(), deleted_ms],
    )?;
    Ok(true)
}

/// Renames. Answers whether it happened: not if the name is taken.
pub fn rename(tx: &mut dyn Tx, id: i64, name: &str, now_ms: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&RENAME, &params![id, name, now_ms])? > 0)
}

/// Sets a tag.
pub fn set_tag(
    tx: &mut dyn Tx,
    id: i64,
    key: &str,
    value: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    tx.execute(&TOUCH, &params![id, now_ms])?;
    tx.execute(&SET_TAG, &params![id, key, value]).map(drop)
}

/// Deletes a tag. Answers whether there was one.
pub fn delete_tag(tx: &mut dyn Tx, id: i64, key: &str, now_ms: i64) -> Result<bool, StoreError> {
    tx.execute(&TOUCH, &params![id, now_ms])?;
    Ok(tx.execute(&DELETE_TAG, &params![id, key])? > 0)
}

fn one(tx: &mut dyn Tx, row: Option<&Row>) -> Result<Option<Experiment>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let mut found = vec![read(row)?];
    add_tags(tx, &mut found)?;
    Ok(found.pop())
}

fn add_tags(tx: &mut dyn Tx, experiments: &mut [Experiment]) -> Result<(), StoreError> {
    let ids: Vec<i64> = experiments.iter().map(|experiment| experiment.id).collect();
    let places: HashMap<i64, usize> = ids.iter().copied().zip(0..).collect();
    for row in tx.query(&TAGS, &params![ids])? {
        let place = places.get(&row.int(0)?);
        if let Some(experiment) = place.and_then(|place| experiments.get_mut(*place)) {
            experiment.tags.push((row.text(1)?, row.text(2)?));
        }
    }
    Ok(())
}

fn read(row: &Row) -> Result<Experiment, StoreError> {
    Ok(Experiment {
        id: row.int(0)?,
        name: row.text(1)?,
        artifact_location: row.text(2)?,
        lifecycle: Lifecycle::parse(&row.text(3)?).ok_or_else(|| StoreError::Damaged {
            what: "experiment",
            reason: "unknown lifecycle".to_owned(),
        })?,
        created_ms: row.int(4)?,
        updated_ms: row.int(5)?,
        tags: Vec::new(),
    })
}
