//! Registered models and their tags.

use hokusai_core::model::{ModelName, ModelTag, RegisteredModel};

use crate::{Row, StoreError, Tx, model_aliases, model_versions, params, statements};

statements! {
    Registry;
    /// A new model, unless the name is taken.
    INSERT_MODEL = "INSERT INTO registered_models (name, created_at_ms, updated_at_ms, description) \
        VALUES ($1, $2, $2, $3) ON CONFLICT (name) DO NOTHING";
    /// One model by name.
    GET_MODEL = "SELECT id, name, created_at_ms, updated_at_ms, description FROM registered_models WHERE name = $1";
    /// Only its number.
    MODEL_ID = "SELECT id FROM registered_models WHERE name = $1";
    /// A new description.
    DESCRIBE_MODEL = "UPDATE registered_models SET description = $2, updated_at_ms = $3 WHERE name = $1";
    /// Marks a change of a version.
    TOUCH_MODEL = "UPDATE registered_models SET updated_at_ms = $2 WHERE id = $1";
    /// A new name; the caller has seen that it is free.
    RENAME_MODEL = "UPDATE registered_models SET name = $2, updated_at_ms = $3 WHERE id = $1";
    /// Deletes a model with all that hangs on it.
    DELETE_MODEL = "DELETE FROM registered_models WHERE name = $1";
    /// Sets a tag.
    SET_MODEL_TAG = "INSERT INTO registered_model_tags (model_id, key, value) VALUES ($1, $2, $3) \
        ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value";
    /// Deletes a tag.
    DELETE_MODEL_TAG = "DELETE FROM registered_model_tags WHERE model_id = $1 AND key = $2";
    /// The tags of some models.
    MODEL_TAGS = "SELECT model_id, key, value FROM registered_model_tags WHERE model_id = ANY($1) \
        ORDER BY model_id, key";
}

/// Creates a model. `false`: the name is taken.
pub fn insert(
    tx: &mut dyn Tx,
    name: &ModelName,
    description: Option<&str>,
    tags: &[ModelTag],
    now_ms: i64,
) -> Result<bool, StoreError> {
    if tx.execute(&INSERT_MODEL, &params![name.as_str(), now_ms, description])? == 0 {
        return Ok(false);
    }
    for tag in tags {
        set_tag(tx, name, tag)?;
    }
    Ok(true)
}

/// One model with its latest versions, tags and aliases.
pub fn get(tx: &mut dyn Tx, name: &ModelName) -> Result<Option<RegisteredModel>, StoreError> {
    let rows = tx.query(&GET_MODEL, &params![name.as_str()])?;
    Ok(complete(tx, &rows)?.pop())
}

/// The number under which a model's rows are kept.
pub fn id(tx: &mut dyn Tx, name: &ModelName) -> Result<Option<i64>, StoreError> {
    tx.query_opt(&MODEL_ID, &params![name.as_str()])?
        .map(|row| row.int(0))
        .transpose()
}

/// Sets the description. `false`: no such model.
pub fn describe(
    tx: &mut dyn Tx,
    name: &ModelName,
    description: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    Ok(tx.execute(
        &DESCRIBE_MODEL,
        &params![name.as_str(), description, now_ms],
    )? > 0)
}

/// Notes that something about a model changed.
pub fn touch(tx: &mut dyn Tx, model_id: i64, now_ms: i64) -> Result<(), StoreError> {
    tx.execute(&TOUCH_MODEL, &params![model_id, now_ms])?;
    Ok(())
}

/// Renames a model; its versions count as changed. The caller has looked that `to` is free.
pub fn rename(
    tx: &mut dyn Tx,
    model_id: i64,
    to: &ModelName,
    now_ms: i64,
) -> Result<(), StoreError> {
    tx.execute(&RENAME_MODEL, &params![model_id, to.as_str(), now_ms])?;
    model_versions::touch_all(tx, model_id, now_ms)
}

/// Deletes a model with its versions. `false`: no such model.
pub fn delete(tx: &mut dyn Tx, name: &ModelName) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE_MODEL, &params![name.as_str()])? > 0)
}

/// Sets a tag. `false`: no such model.
pub fn set_tag(tx: &mut dyn Tx, name: &ModelName, tag: &ModelTag) -> Result<bool, StoreError> {
    let Some(id) = id(tx, name)? else {
        return Ok(false);
    };
    tx.execute(&SET_MODEL_TAG, &params![id, tag.key(), tag.value()])?;
    Ok(true)
}

/// Deletes a tag; one that is not there is fine. `false`: no such model.
pub fn delete_tag(tx: &mut dyn Tx, name: &ModelName, key: &str) -> Result<bool, StoreError> {
    let Some(id) = id(tx, name)? else {
        return Ok(false);
    };
    tx.execute(&DELETE_MODEL_TAG, &params![id, key])?;
    Ok(true)
}

/// Makes models of the rows of `GET_MODEL`'s shape, with four statements for any number of them.
pub(crate) fn complete(tx: &mut dyn Tx, rows: &[Row]) -> Result<Vec<RegisteredModel>, StoreError> {
    let ids: Vec<i64> = rows
        .iter()
        .map(|row| row.int(0))
        .collect::<Result<_, _>>()?;
    let tags = tx.query(&MODEL_TAGS, &params![ids.clone()])?;
    let mut latest = model_versions::latest_of(tx, &ids)?;
    let aliases = model_aliases::of_models(tx, &ids)?;
    rows.iter()
        .map(|row| {
            let id = row.int(0)?;
            let name = parse_name(&row.text(1)?)?;
            let own_tags = tags.iter().filter(|tag| tag.int(0) == Ok(id));
            Ok(RegisteredModel {
                latest_versions: latest
                    .extract_if(.., |version| version.name == name)
                    .collect(),
                tags: own_tags
                    .map(|tag| parse_tag(&tag.text(1)?, &tag.text(2)?))
                    .collect::<Result<_, _>>()?,
                aliases: aliases
                    .iter()
                    .filter(|a| a.0 == id)
                    .map(|a| (a.1.clone(), a.2))
                    .collect(),
                name,
                created_at_ms: row.int(2)?,
                updated_at_ms: row.int(3)?,
                description: row.opt_text(4)?,
            })
        })
        .collect()
}

pub(crate) fn parse_name(raw: &str) -> Result<ModelName, StoreError> {
    raw.parse().map_err(|error| StoreError::Damaged {
        what: "model name",
        reason: format!("{error}"),
    })
}

pub(crate) fn parse_tag(key: &str, value: &str) -> Result<ModelTag, StoreError> {
    ModelTag::new(key, value).map_err(|error| StoreError::Damaged {
        what: "tag",
        reason: error.to_string(),
    })
}
