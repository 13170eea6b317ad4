//! Aliases of models.

use hokusai_core::model::{AliasName, VersionNumber};

use crate::{StoreError, Tx, params, statements};

statements! {
    Registry;
    /// Points an alias at a version, wherever it pointed before.
    SET_ALIAS = "INSERT INTO model_aliases (model_id, alias, version) VALUES ($1, $2, $3) \
        ON CONFLICT (model_id, alias) DO UPDATE SET version = excluded.version";
    /// Deletes an alias.
    DELETE_ALIAS = "DELETE FROM model_aliases WHERE model_id = $1 AND alias = $2";
    /// Where an alias points.
    GET_ALIAS = "SELECT version FROM model_aliases WHERE model_id = $1 AND alias = $2";
    /// The aliases of some models.
    MODEL_ALIASES = "SELECT model_id, alias, version FROM model_aliases WHERE model_id = ANY($1) \
        ORDER BY model_id, alias";
}

/// Points an alias at a version that exists.
pub fn set(
    tx: &mut dyn Tx,
    model_id: i64,
    alias: &AliasName,
    version: VersionNumber,
) -> Result<(), StoreError> {
    tx.execute(
        &SET_ALIAS,
        &params![model_id, alias.as_str(), version.get()],
    )?;
    Ok(())
}

/// Deletes an alias. `false`: there was none.
pub fn delete(tx: &mut dyn Tx, model_id: i64, alias: &AliasName) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE_ALIAS, &params![model_id, alias.as_str()])? > 0)
}

/// Where an alias points.
pub fn get(
    tx: &mut dyn Tx,
    model_id: i64,
    alias: &AliasName,
) -> Result<Option<VersionNumber>, StoreError> {
    let row = tx.query_opt(&GET_ALIAS, &params![model_id, alias.as_str()])?;
    row.map(|row| row.int(0).map(VersionNumber::new))
        .transpose()
}

/// Model, alias and version for some models, sorted by alias.
pub fn of_models(
    tx: &mut dyn Tx,
    model_ids: &[i64],
) -> Result<Vec<(i64, AliasName, VersionNumber)>, StoreError> {
    let rows = tx.query(&MODEL_ALIASES, &params![model_ids.to_vec()])?;
    rows.iter()
        .map(|row| {
            let alias = row.text(1)?.parse().map_err(|error| StoreError::Damaged {
                what: "alias",
                reason: format!("{error}"),
            })?;
            Ok((row.int(0)?, alias, VersionNumber::new(row.int(2)?)))
        })
        .collect()
}
