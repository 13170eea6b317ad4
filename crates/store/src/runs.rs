//! Runs, their params and their tags.

use std::collections::{BTreeMap, HashMap};

use hokusai_core::experiment::Lifecycle;
use hokusai_core::metric::Metric;
use hokusai_core::run::{RunInfo, RunStatus};

use crate::run_inputs::{self, DatasetInput, RunModel};
use crate::statement::Statement;
use crate::{Columns, StoreError, Tx, metrics, params, statements};

statements! {
    Registry;
    /// A new run.
    INSERT = "INSERT INTO runs (run_uuid, experiment_id, name, status, lifecycle, start_ms, user_id, artifact_uri)
              VALUES ($1, $2, $3, $4, 'active', $5, $6, $7) RETURNING id";
    /// One run by its id.
    GET = "SELECT id, run_uuid, experiment_id, name, status, lifecycle, start_ms, end_ms, user_id, artifact_uri
           FROM runs WHERE run_uuid = $1";
    /// Several runs by their ids.
    GET_BY_IDS = "SELECT id, run_uuid, experiment_id, name, status, lifecycle, start_ms, end_ms, user_id, artifact_uri
                  FROM runs WHERE run_uuid = ANY($1)";
    /// Several runs by their rows' numbers.
    GET_MANY = "SELECT id, run_uuid, experiment_id, name, status, lifecycle, start_ms, end_ms, user_id, artifact_uri
                FROM runs WHERE id = ANY($1)";
    /// Changes what a run says of itself.
    UPDATE = "UPDATE runs SET name = $2, status = $3, end_ms = $4 WHERE id = $1";
    /// Deletes or restores.
    SET_LIFECYCLE = "UPDATE runs SET lifecycle = $2, deleted_ms = $3 WHERE id = $1";
    /// Params that are new to the run.
    INSERT_PARAMS = "INSERT INTO params (run_id, key, value, experiment_id)" [Int, Text, Text, Int]
                    "ON CONFLICT (run_id, key) DO NOTHING";
    /// Params of a run among some keys.
    PARAMS_OF_KEYS = "SELECT key, value FROM params WHERE run_id = $1 AND key = ANY($2)";
    /// Sets tags.
    SET_TAGS = "INSERT INTO tags (run_id, key, value, experiment_id)" [Int, Text, Text, Int]
               "ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value";
    /// Deletes a tag.
    DELETE_TAG = "DELETE FROM tags WHERE run_id = $1 AND key = $2";
    /// Params of several runs.
    PARAMS = "SELECT run_id, key, value FROM params WHERE run_id = ANY($1) ORDER BY run_id, key";
    /// Tags of several runs.
    TAGS = "SELECT run_id, key, value FROM tags WHERE run_id = ANY($1) ORDER BY run_id, key";
}

/// A run to be created.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// 32 hexadecimal digits.
    pub run_id: String,
    /// Its experiment.
    pub experiment_id: i64,
    /// Its name.
    pub name: String,
    /// When it began; milliseconds since 1970.
    pub start_ms: i64,
    /// Who made it, as the client says.
    pub user_id: String,
    /// Where its artifacts are.
    pub artifact_uri: String,
    /// Its tags; keys are unique.
    pub tags: Vec<(String, String)>,
}

/// A run with all that a client reads of it.
#[derive(Clone, Debug)]
pub struct Run {
    /// The run itself.
    pub info: RunInfo,
    /// The latest point of each metric.
    pub metrics: Vec<Metric>,
    /// Params.
    pub params: Vec<(String, String)>,
    /// Tags.
    pub tags: Vec<(String, String)>,
    /// Datasets that it read.
    pub datasets: Vec<DatasetInput>,
    /// Models that it read or made.
    pub models: Vec<RunModel>,
}

/// A param that has another value already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamConflict {
    /// The param.
    pub key: String,
    /// What it is.
    pub old: String,
    /// What it was to become.
    pub new: String,
}

/// Creates a run; answers its row's number.
pub fn create(tx: &mut dyn Tx, run: &NewRun) -> Result<i64, StoreError> {
    let row = tx.query_one(
        &INSERT,
        &params![
            &run.run_id,
            run.experiment_id,
            &run.name,
            RunStatus::Running.as_str(),
            run.start_ms,
            &run.user_id,
            &run.artifact_uri
        ],
    )?;
    let id = row.int(0)?;
    insert_tags(tx, id, run.experiment_id, &run.tags)?;
    Ok(id)
}

/// One run without what it logged.
pub fn info(tx: &mut dyn Tx, run_id: &str) -> Result<Option<RunInfo>, StoreError> {
    let mut found = None;
    tx.visit(&GET, &params![run_id], &mut |row| {
        found = Some(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Those of several runs that exist, by id, without what they logged.
pub fn infos(
    tx: &mut dyn Tx,
    run_ids: Vec<String>,
) -> Result<HashMap<String, RunInfo>, StoreError> {
    let mut found = HashMap::with_capacity(run_ids.len());
    tx.visit(&GET_BY_IDS, &params![run_ids], &mut |row| {
        let run = read(row)?;
        found.insert(run.run_id.clone(), run);
        Ok(())
    })?;
    Ok(found)
}

/// One run.
pub fn get(tx: &mut dyn Tx, run_id: &str) -> Result<Option<Run>, StoreError> {
    let Some(info) = info(tx, run_id)? else {
        return Ok(None);
    };
    Ok(hydrate(tx, vec![info])?.pop())
}

/// Runs in the order of their rows' numbers in `ids`, with a fixed number of statements.
pub fn get_many(tx: &mut dyn Tx, ids: &[i64]) -> Result<Vec<Run>, StoreError> {
    let mut infos = Vec::with_capacity(ids.len());
    tx.visit(&GET_MANY, &params![ids.to_vec()], &mut |row| {
        infos.push(read(row)?);
        Ok(())
    })?;
    let places: HashMap<i64, usize> = ids.iter().copied().zip(0..).collect();
    infos.sort_by_key(|info| places.get(&info.row_id).copied());
    hydrate(tx, infos)
}

/// Changes name, status and end.
pub fn update(tx: &mut dyn Tx, run: &RunInfo) -> Result<(), StoreError> {
    tx.execute(
        &UPDATE,
        &params![run.row_id, &run.name, run.status.as_str(), run.end_ms],
    )
    .map(drop)
}

/// Deletes or restores a run.
pub fn set_lifecycle(
    tx: &mut dyn Tx,
    run: &RunInfo,
    lifecycle: Lifecycle,
    now_ms: i64,
) -> Result<(), StoreError> {
    let deleted_ms = (lifecycle == Lifecycle::Deleted).then_some(now_ms);
    tx.execute(
        &SET_LIFECYCLE,
        &params![run.row_id, lifecycle.as_str(), deleted_ms],
    )
    .map(drop)
}

/// Logs params. Those that are there with the same value are fine; answers those that differ, and then the caller must fail.
pub fn log_params(
    tx: &mut dyn Tx,
    run: &RunInfo,
    params: &[(String, String)],
) -> Result<Vec<ParamConflict>, StoreError> {
    let mut sorted = params.to_vec();
    sorted.sort();
    let rows: Vec<Vec<crate::Param>> = sorted
        .iter()
        .map(|(key, value)| {
            vec![
                run.row_id.into(),
                key.into(),
                value.into(),
                run.experiment_id.into(),
            ]
        })
        .collect();
    if tx.insert_many(&INSERT_PARAMS, &rows)? == rows.len() as u64 {
        return Ok(Vec::new());
    }
    let keys: Vec<String> = params.iter().map(|(key, _)| key.clone()).collect();
    let stored = tx.query(&PARAMS_OF_KEYS, &params![run.row_id, keys])?;
    let mut conflicts = Vec::new();
    for row in stored {
        let (key, old) = (row.text(0)?, row.text(1)?);
        conflicts.extend(
            params
                .iter()
                .filter(|(name, new)| *name == key && *new != old)
                .map(|(_, new)| ParamConflict {
                    key: key.clone(),
                    old: old.clone(),
                    new: new.clone(),
                }),
        );
    }
    Ok(conflicts)
}

/// Sets tags; of several with one key the last wins.
pub fn set_tags(
    tx: &mut dyn Tx,
    run: &RunInfo,
    tags: &[(String, String)],
) -> Result<(), StoreError> {
    insert_tags(tx, run.row_id, run.experiment_id, tags)
}

/// Deletes a tag. Answers whether there was one.
pub fn delete_tag(tx: &mut dyn Tx, run: &RunInfo, key: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE_TAG, &params![run.row_id, key])? > 0)
}

fn insert_tags(
    tx: &mut dyn Tx,
    run: i64,
    experiment: i64,
    tags: &[(String, String)],
) -> Result<(), StoreError> {
    // Unique and in order: PostgreSQL refuses to touch a row twice, and two replicas must not deadlock.
    let unique: BTreeMap<&str, &str> = tags
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    let rows: Vec<Vec<crate::Param>> = unique
        .into_iter()
        .map(|(key, value)| vec![run.into(), key.into(), value.into(), experiment.into()])
        .collect();
    if rows.is_empty() {
        Ok(())
    } else {
        tx.insert_many(&SET_TAGS, &rows).map(drop)
    }
}

fn hydrate(tx: &mut dyn Tx, infos: Vec<RunInfo>) -> Result<Vec<Run>, StoreError> {
    let ids: Vec<i64> = infos.iter().map(|info| info.row_id).collect();
    let mut runs: Vec<Run> = infos
        .into_iter()
        .map(|info| Run {
            info,
            metrics: Vec::new(),
            params: Vec::new(),
            tags: Vec::new(),
            datasets: Vec::new(),
            models: Vec::new(),
        })
        .collect();
    let places: HashMap<i64, usize> = ids.iter().copied().zip(0..).collect();
    metrics::each_latest(tx, &ids, |id, metric| {
        if let Some(run) = at(&mut runs, &places, id) {
            run.metrics.push(metric);
        }
    })?;
    each_pair(tx, &PARAMS, &ids, |id, pair| {
        if let Some(run) = at(&mut runs, &places, id) {
            run.params.push(pair);
        }
    })?;
    each_pair(tx, &TAGS, &ids, |id, pair| {
        if let Some(run) = at(&mut runs, &places, id) {
            run.tags.push(pair);
        }
    })?;
    for (id, dataset) in run_inputs::datasets(tx, &ids)? {
        if let Some(run) = at(&mut runs, &places, id) {
            run.datasets.push(dataset);
        }
    }
    for (id, model) in run_inputs::models(tx, &ids)? {
        if let Some(run) = at(&mut runs, &places, id) {
            run.models.push(model);
        }
    }
    Ok(runs)
}

/// Keys and values of several runs, each handed over with its run's row number.
fn each_pair(
    tx: &mut dyn Tx,
    statement: &Statement,
    runs: &[i64],
    mut take: impl FnMut(i64, (String, String)),
) -> Result<(), StoreError> {
    tx.visit(statement, &params![runs.to_vec()], &mut |row| {
        let pair = (row.text(1)?.to_owned(), row.text(2)?.to_owned());
        take(row.int(0)?, pair);
        Ok(())
    })
}

fn at<'r>(runs: &'r mut [Run], places: &HashMap<i64, usize>, id: i64) -> Option<&'r mut Run> {
    places.get(&id).and_then(|index| runs.get_mut(*index))
}

fn read(row: &dyn Columns) -> Result<RunInfo, StoreError> {
    let damaged = |reason: &str| StoreError::Damaged {
        what: "run",
        reason: reason.to_owned(),
    };
    Ok(RunInfo {
        row_id: row.int(0)?,
        run_id: row.text(1)?.to_owned(),
        experiment_id: row.int(2)?,
        name: row.text(3)?.to_owned(),
        status: RunStatus::parse(row.text(4)?).ok_or_else(|| damaged("unknown status"))?,
        lifecycle: Lifecycle::parse(row.text(5)?).ok_or_else(|| damaged("unknown lifecycle"))?,
        start_ms: row.int(6)?,
        end_ms: row.opt_int(7)?,
        user_id: row.text(8)?.to_owned(),
        artifact_uri: row.text(9)?.to_owned(),
    })
}
