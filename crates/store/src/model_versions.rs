//! Versions of models, their tags and their manifests.

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::model::{ManifestEntry, ModelName, ModelTag, ModelVersion, Stage, VersionNumber};

use crate::artifact_digests::bounds;
use crate::models::{parse_name, parse_tag};
use crate::{Param, Row, StoreError, Tx, model_aliases, models, params, statements};

statements! {
    Registry;
    /// The next number; the row is locked until the version is there.
    NEXT_VERSION = "UPDATE registered_models SET last_version = last_version + 1, updated_at_ms = $2 WHERE name = $1 \
        RETURNING id, last_version";
    /// A new version.
    INSERT_VERSION = "INSERT INTO model_versions (model_id, version, created_at_ms, updated_at_ms, description, \
        user_id, stage, source, download_uri, artifact_path, run_id, run_link, logged_model_id) \
        VALUES ($1, $2, $3, $3, $4, $5, 'None', $6, $7, $8, $9, $10, $11)";
    /// One version.
    GET_VERSION = "SELECT m.name, v.version, v.created_at_ms, v.updated_at_ms, v.description, v.user_id, v.stage, \
        v.source, v.download_uri, v.run_id, v.run_link, v.logged_model_id, v.model_id \
        FROM model_versions v JOIN registered_models m ON m.id = v.model_id WHERE m.name = $1 AND v.version = $2";
    /// The newest version of each stage, for some models: a look into an index for each stage, however many versions there are.
    LATEST_VERSIONS = "SELECT m.name, v.version, v.created_at_ms, v.updated_at_ms, v.description, v.user_id, v.stage, \
        v.source, v.download_uri, v.run_id, v.run_link, v.logged_model_id, v.model_id \
        FROM registered_models m CROSS JOIN (SELECT 'None' AS stage UNION ALL SELECT 'Staging' \
        UNION ALL SELECT 'Production' UNION ALL SELECT 'Archived') s JOIN model_versions v ON v.model_id = m.id \
        AND v.version = (SELECT MAX(n.version) FROM model_versions n WHERE n.model_id = m.id AND n.stage = s.stage) \
        WHERE m.id = ANY($1) ORDER BY v.model_id, v.version";
    /// A new description.
    DESCRIBE_VERSION = "UPDATE model_versions SET description = $3, updated_at_ms = $4 \
        WHERE model_id = $1 AND version = $2";
    /// A new stage.
    STAGE_VERSION = "UPDATE model_versions SET stage = $3, updated_at_ms = $4 WHERE model_id = $1 AND version = $2";
    /// Moves the other versions of a stage to the archive.
    ARCHIVE_OTHERS = "UPDATE model_versions SET stage = 'Archived', updated_at_ms = $4 \
        WHERE model_id = $1 AND version <> $2 AND stage = $3";
    /// All versions changed: the model has a new name.
    TOUCH_VERSIONS = "UPDATE model_versions SET updated_at_ms = $2 WHERE model_id = $1";
    /// Deletes a version with all that hangs on it.
    DELETE_VERSION = "DELETE FROM model_versions WHERE model_id = $1 AND version = $2";
    /// Sets a tag.
    SET_VERSION_TAG = "INSERT INTO model_version_tags (model_id, version, key, value) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (model_id, version, key) DO UPDATE SET value = excluded.value";
    /// Deletes a tag.
    DELETE_VERSION_TAG = "DELETE FROM model_version_tags WHERE model_id = $1 AND version = $2 AND key = $3";
    /// The tags of some models' versions.
    VERSION_TAGS = "SELECT model_id, version, key, value FROM model_version_tags \
        WHERE model_id = ANY($1) AND version = ANY($2) ORDER BY model_id, version, key";
    /// One file of a version.
    INSERT_FILES = "INSERT INTO model_version_files (model_id, version, path, size_bytes, sha256)"
        [Int, Int, Text, Int, Text] "";
    /// The files of a version.
    VERSION_FILES = "SELECT f.path, f.size_bytes, f.sha256 FROM model_version_files f \
        JOIN registered_models m ON m.id = f.model_id WHERE m.name = $1 AND f.version = $2 ORDER BY f.path";
    /// A version that a path belongs to, or that lies below the path.
    OWNER_OF_PATH = "SELECT m.name, v.version FROM model_versions v JOIN registered_models m ON m.id = v.model_id \
        WHERE (v.artifact_path = ANY($1) OR (v.artifact_path > $2 AND v.artifact_path < $3)) \
        AND EXISTS (SELECT 1 FROM model_version_files f WHERE f.model_id = v.model_id AND f.version = v.version) \
        ORDER BY v.model_id, v.version LIMIT 1";
}

/// What a new version is made of.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// The model.
    pub name: ModelName,
    /// Free text.
    pub description: Option<String>,
    /// Who creates it.
    pub user_id: Option<String>,
    /// As the client gave it.
    pub source: String,
    /// Where clients fetch it.
    pub download_uri: String,
    /// Where it is in our own store.
    pub artifact_path: Option<ArtifactPath>,
    /// The run that made it.
    pub run_id: Option<String>,
    /// A link to a run elsewhere.
    pub run_link: Option<String>,
    /// The logged model that it is made from.
    pub model_id: Option<String>,
    /// Tags with unique keys.
    pub tags: Vec<ModelTag>,
    /// The files below `artifact_path`.
    pub files: Vec<ManifestEntry>,
}

/// Creates the next version. `None`: no such model.
pub fn insert(
    tx: &mut dyn Tx,
    new: &NewVersion,
    now_ms: i64,
) -> Result<Option<ModelVersion>, StoreError> {
    let Some(row) = tx.query_opt(&NEXT_VERSION, &params![new.name.as_str(), now_ms])? else {
        return Ok(None);
    };
    let (model_id, version) = (row.int(0)?, VersionNumber::new(row.int(1)?));
    tx.execute(
        &INSERT_VERSION,
        &params![
            model_id,
            version.get(),
            now_ms,
            new.description.clone(),
            new.user_id.clone(),
            new.source.as_str(),
            new.download_uri.as_str(),
            new.artifact_path.as_ref().map(ArtifactPath::as_str),
            new.run_id.clone(),
            new.run_link.clone(),
            new.model_id.clone(),
        ],
    )?;
    for tag in &new.tags {
        set_tag(tx, model_id, version, tag)?;
    }
    let row = |file: &ManifestEntry| -> Vec<Param> {
        let size = i64::try_from(file.size_bytes).unwrap_or(i64::MAX);
        params![model_id, version.get(), &file.path, size, &file.sha256].to_vec()
    };
    tx.insert_many(
        &INSERT_FILES,
        &new.files.iter().map(row).collect::<Vec<_>>(),
    )?;
    get(tx, &new.name, version)
}

/// One version with its tags and aliases.
pub fn get(
    tx: &mut dyn Tx,
    name: &ModelName,
    version: VersionNumber,
) -> Result<Option<ModelVersion>, StoreError> {
    let rows = tx.query(&GET_VERSION, &params![name.as_str(), version.get()])?;
    let Some(mut found) = complete(tx, &rows)?.pop() else {
        return Ok(None);
    };
    if let Some(model_id) = models::id(tx, name)? {
        let aliases = model_aliases::of_models(tx, &[model_id])?;
        found.aliases = aliases
            .into_iter()
            .filter(|alias| alias.2 == version)
            .map(|alias| alias.1)
            .collect();
    }
    Ok(Some(found))
}

/// The newest version of each stage, without aliases, for some models.
pub fn latest_of(tx: &mut dyn Tx, model_ids: &[i64]) -> Result<Vec<ModelVersion>, StoreError> {
    let rows = tx.query(&LATEST_VERSIONS, &params![model_ids.to_vec()])?;
    complete(tx, &rows)
}

/// Sets the description of a version that exists.
pub fn describe(
    tx: &mut dyn Tx,
    model_id: i64,
    version: VersionNumber,
    description: Option<&str>,
    now_ms: i64,
) -> Result<(), StoreError> {
    tx.execute(
        &DESCRIBE_VERSION,
        &params![model_id, version.get(), description, now_ms],
    )?;
    Ok(())
}

/// Moves a version that exists to a stage, and the others there to the archive if `archive_others`.
pub fn set_stage(
    tx: &mut dyn Tx,
    model_id: i64,
    version: VersionNumber,
    stage: Stage,
    archive_others: bool,
    now_ms: i64,
) -> Result<(), StoreError> {
    models::touch(tx, model_id, now_ms)?;
    let params = params![model_id, version.get(), stage.as_str(), now_ms];
    if archive_others {
        tx.execute(&ARCHIVE_OTHERS, &params)?;
    }
    tx.execute(&STAGE_VERSION, &params)?;
    Ok(())
}

/// Notes that all versions of a model changed.
pub fn touch_all(tx: &mut dyn Tx, model_id: i64, now_ms: i64) -> Result<(), StoreError> {
    tx.execute(&TOUCH_VERSIONS, &params![model_id, now_ms])?;
    Ok(())
}

/// Deletes a version with its aliases. `false`: no such version.
pub fn delete(
    tx: &mut dyn Tx,
    model_id: i64,
    version: VersionNumber,
    now_ms: i64,
) -> Result<bool, StoreError> {
    models::touch(tx, model_id, now_ms)?;
    Ok(tx.execute(&DELETE_VERSION, &params![model_id, version.get()])? > 0)
}

/// Sets a tag of a version that exists.
pub fn set_tag(
    tx: &mut dyn Tx,
    model_id: i64,
    version: VersionNumber,
    tag: &ModelTag,
) -> Result<(), StoreError> {
    tx.execute(
        &SET_VERSION_TAG,
        &params![model_id, version.get(), tag.key(), tag.value()],
    )?;
    Ok(())
}

/// Deletes a tag; one that is not there is fine.
pub fn delete_tag(
    tx: &mut dyn Tx,
    model_id: i64,
    version: VersionNumber,
    key: &str,
) -> Result<(), StoreError> {
    tx.execute(&DELETE_VERSION_TAG, &params![model_id, version.get(), key])?;
    Ok(())
}

/// The files of a version as they were when it was created.
pub fn files(
    tx: &mut dyn Tx,
    name: &ModelName,
    version: VersionNumber,
) -> Result<Vec<ManifestEntry>, StoreError> {
    let rows = tx.query(&VERSION_FILES, &params![name.as_str(), version.get()])?;
    rows.iter()
        .map(|row| {
            let size_bytes = u64::try_from(row.int(1)?).unwrap_or(0);
            Ok(ManifestEntry {
                path: row.text(0)?,
                size_bytes,
                sha256: row.text(2)?,
            })
        })
        .collect()
}

/// The version, if there is one, for whose sake `path` must not change: one at or above it, or one below it.
pub fn freezer_of(
    tx: &mut dyn Tx,
    path: &ArtifactPath,
) -> Result<Option<(ModelName, VersionNumber)>, StoreError> {
    let ancestors: Vec<String> = path.ancestors().map(str::to_owned).collect();
    let (first, end) = bounds(path);
    let row = tx.query_opt(&OWNER_OF_PATH, &params![ancestors, first, end])?;
    row.map(|row| Ok((parse_name(&row.text(0)?)?, VersionNumber::new(row.int(1)?))))
        .transpose()
}

/// Makes versions of the rows of `GET_VERSION`'s shape, with one statement more for any number of them.
pub(crate) fn complete(tx: &mut dyn Tx, rows: &[Row]) -> Result<Vec<ModelVersion>, StoreError> {
    let ids: Vec<i64> = rows
        .iter()
        .map(|row| row.int(12))
        .collect::<Result<_, _>>()?;
    let numbers: Vec<i64> = rows
        .iter()
        .map(|row| row.int(1))
        .collect::<Result<_, _>>()?;
    let mut tags = std::collections::HashMap::<(i64, i64), Vec<ModelTag>>::new();
    for row in tx.query(&VERSION_TAGS, &params![ids, numbers])? {
        let tag = parse_tag(&row.text(2)?, &row.text(3)?)?;
        tags.entry((row.int(0)?, row.int(1)?))
            .or_default()
            .push(tag);
    }
    rows.iter()
        .map(|row| {
            let stage = row.text(6)?.parse().map_err(|error| StoreError::Damaged {
                what: "stage",
                reason: format!("{error}"),
            })?;
            Ok(ModelVersion {
                name: parse_name(&row.text(0)?)?,
                version: VersionNumber::new(row.int(1)?),
                created_at_ms: row.int(2)?,
                updated_at_ms: row.int(3)?,
                description: row.opt_text(4)?,
                user_id: row.opt_text(5)?,
                stage,
                source: row.text(7)?,
                download_uri: row.text(8)?,
                run_id: row.opt_text(9)?,
                run_link: row.opt_text(10)?,
                model_id: row.opt_text(11)?,
                tags: tags
                    .remove(&(row.int(12)?, row.int(1)?))
                    .unwrap_or_default(),
                aliases: Vec::new(),
            })
        })
        .collect()
}
