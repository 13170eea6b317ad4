//! Logged models, their params and tags.

use std::collections::HashMap;

use hokusai_core::logged_model::{LoggedModel, LoggedModelStatus};

use crate::{Row, StoreError, Tx, logged_model_metrics, params, statements};

statements! {
    Registry;
    /// A new logged model.
    INSERT_LOGGED = "INSERT INTO logged_models (model_id, experiment_id, name, artifact_uri, created_at_ms, \
        updated_at_ms, model_type, source_run_id, status) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)";
    /// One logged model; `$2` is 1 to see a deleted one too.
    GET_LOGGED = "SELECT model_id, experiment_id, name, artifact_uri, created_at_ms, updated_at_ms, model_type, \
        source_run_id, status, status_message FROM logged_models WHERE model_id = $1 AND is_deleted <= $2";
    /// A new status.
    SET_LOGGED_STATUS = "UPDATE logged_models SET status = $2, updated_at_ms = $3 WHERE model_id = $1";
    /// Marks a logged model as deleted.
    DELETE_LOGGED = "UPDATE logged_models SET is_deleted = 1, updated_at_ms = $2 \
        WHERE model_id = $1 AND is_deleted = 0";
    /// Adds a param; the same again is fine, another value changes no row.
    INSERT_LOGGED_PARAM = "INSERT INTO logged_model_params (model_id, key, value) VALUES ($1, $2, $3) \
        ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value WHERE logged_model_params.value = excluded.value";
    /// Sets a tag.
    SET_LOGGED_TAG = "INSERT INTO logged_model_tags (model_id, key, value) VALUES ($1, $2, $3) \
        ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value";
    /// Deletes a tag.
    DELETE_LOGGED_TAG = "DELETE FROM logged_model_tags WHERE model_id = $1 AND key = $2";
    /// The tags of some logged models.
    LOGGED_TAGS = "SELECT model_id, key, value FROM logged_model_tags WHERE model_id = ANY($1) ORDER BY model_id, key";
    /// The params of some logged models.
    LOGGED_PARAMS = "SELECT model_id, key, value FROM logged_model_params WHERE model_id = ANY($1) \
        ORDER BY model_id, key";
}

/// Creates a logged model with its params and tags.
pub fn insert(tx: &mut dyn Tx, model: &LoggedModel) -> Result<(), StoreError> {
    tx.execute(
        &INSERT_LOGGED,
        &params![
            &model.model_id,
            model.experiment_id,
            &model.name,
            &model.artifact_uri,
            model.created_at_ms,
            model.model_type.clone(),
            model.source_run_id.clone(),
            model.status.number(),
        ],
    )?;
    add_params(tx, &model.model_id, &model.params)?;
    set_tags(tx, &model.model_id, &model.tags)
}

/// One logged model; a deleted one only with `allow_deleted`.
pub fn get(
    tx: &mut dyn Tx,
    model_id: &str,
    allow_deleted: bool,
) -> Result<Option<LoggedModel>, StoreError> {
    let rows = tx.query(&GET_LOGGED, &params![model_id, allow_deleted])?;
    Ok(complete(tx, &rows)?.pop())
}

/// Sets the status of a logged model that exists.
pub fn finalize(
    tx: &mut dyn Tx,
    model_id: &str,
    status: LoggedModelStatus,
    now_ms: i64,
) -> Result<(), StoreError> {
    tx.execute(
        &SET_LOGGED_STATUS,
        &params![model_id, status.number(), now_ms],
    )?;
    Ok(())
}

/// Marks a logged model as deleted. `false`: it is already, or there is none.
pub fn delete(tx: &mut dyn Tx, model_id: &str, now_ms: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE_LOGGED, &params![model_id, now_ms])? > 0)
}

/// Adds params to a logged model that exists; answers the keys that have another value already.
pub fn add_params(
    tx: &mut dyn Tx,
    model_id: &str,
    added: &[(String, String)],
) -> Result<Vec<String>, StoreError> {
    let mut conflicts = Vec::new();
    for (key, value) in added {
        if tx.execute(&INSERT_LOGGED_PARAM, &params![model_id, key, value])? == 0 {
            conflicts.push(key.clone());
        }
    }
    Ok(conflicts)
}

/// Sets tags of a logged model that exists.
pub fn set_tags(
    tx: &mut dyn Tx,
    model_id: &str,
    tags: &[(String, String)],
) -> Result<(), StoreError> {
    for (key, value) in tags {
        tx.execute(&SET_LOGGED_TAG, &params![model_id, key, value])?;
    }
    Ok(())
}

/// Deletes a tag. `false`: there was none.
pub fn delete_tag(tx: &mut dyn Tx, model_id: &str, key: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE_LOGGED_TAG, &params![model_id, key])? > 0)
}

/// Makes logged models of the rows of `GET_LOGGED`'s shape, with three statements more for any number of them.
pub(crate) fn complete(tx: &mut dyn Tx, rows: &[Row]) -> Result<Vec<LoggedModel>, StoreError> {
    let ids: Vec<String> = rows
        .iter()
        .map(|row| row.text(0))
        .collect::<Result<_, _>>()?;
    let mut tags = grouped(tx.query(&LOGGED_TAGS, &params![ids.clone()])?)?;
    let mut own_params = grouped(tx.query(&LOGGED_PARAMS, &params![ids.clone()])?)?;
    let mut metrics = logged_model_metrics::of(tx, ids)?;
    rows.iter()
        .map(|row| {
            let model_id = row.text(0)?;
            let number = row.int(8)?;
            let status =
                LoggedModelStatus::from_number(number).ok_or_else(|| StoreError::Damaged {
                    what: "status of a logged model",
                    reason: format!("{number} is none"),
                })?;
            Ok(LoggedModel {
                experiment_id: row.int(1)?,
                name: row.text(2)?,
                artifact_uri: row.text(3)?,
                created_at_ms: row.int(4)?,
                updated_at_ms: row.int(5)?,
                model_type: row.opt_text(6)?,
                source_run_id: row.opt_text(7)?,
                status,
                status_message: row.opt_text(9)?,
                tags: tags.remove(&model_id).unwrap_or_default(),
                params: own_params.remove(&model_id).unwrap_or_default(),
                metrics: metrics.remove(&model_id).unwrap_or_default(),
                model_id,
            })
        })
        .collect()
}

fn grouped(rows: Vec<Row>) -> Result<HashMap<String, Vec<(String, String)>>, StoreError> {
    let mut groups = HashMap::<String, Vec<(String, String)>>::new();
    for row in rows {
        groups
            .entry(row.text(0)?)
            .or_default()
            .push((row.text(1)?, row.text(2)?));
    }
    Ok(groups)
}
