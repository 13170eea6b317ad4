//! Metrics: every point, and the latest of each series.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hokusai_core::metric::Metric;
use hokusai_core::run::RunInfo;

use crate::{Param, Row, StoreError, Tx, params, statements};

statements! {
    Registry;
    /// Series with their latest points: by step, then time, then value.
    ADVANCE = "INSERT INTO latest_metrics (run_id, key, experiment_id, value, ts_ms, step, is_nan)"
              [Int, Text, Int, Real, Int, Int, Int]
              "ON CONFLICT (run_id, key) DO UPDATE
               SET value = excluded.value, ts_ms = excluded.ts_ms, step = excluded.step, is_nan = excluded.is_nan
               WHERE (latest_metrics.step, latest_metrics.ts_ms, latest_metrics.value) < (excluded.step, excluded.ts_ms, excluded.value)";
    /// The series of some keys of some runs.
    SERIES = "SELECT run_id, key, series_id FROM latest_metrics WHERE run_id = ANY($1) AND key = ANY($2)";
    /// Points; an exact duplicate is stored once.
    INSERT_POINTS = "INSERT INTO metric_points (series_id, ts_ms, step, value, is_nan)" [Int, Int, Int, Real, Int]
                    "ON CONFLICT DO NOTHING";
    /// A page of a series' history, after a point.
    HISTORY = "SELECT p.ts_ms, p.step, p.value, p.is_nan FROM metric_points p
               JOIN latest_metrics l ON l.series_id = p.series_id
               WHERE l.run_id = $1 AND l.key = $2 ORDER BY p.ts_ms, p.step, p.value, p.is_nan LIMIT $3 OFFSET $4";
    /// The latest points of several runs.
    LATEST = "SELECT run_id, key, value, ts_ms, step, is_nan FROM latest_metrics WHERE run_id = ANY($1) ORDER BY run_id, key";
}

/// Logs points to an active run.
pub fn log(tx: &mut dyn Tx, run: &RunInfo, points: &[Metric]) -> Result<(), StoreError> {
    let points: Vec<(&RunInfo, &Metric)> = points.iter().map(|point| (run, point)).collect();
    log_many(tx, &points)
}

/// Logs points to active runs, with a number of statements that does not grow with theirs.
pub fn log_many(tx: &mut dyn Tx, points: &[(&RunInfo, &Metric)]) -> Result<(), StoreError> {
    if points.is_empty() {
        return Ok(());
    }
    // Series in the order of run and key: two transactions cannot deadlock, and none touches a series twice.
    let mut series: BTreeMap<Series<'_>, (&RunInfo, &Metric)> = BTreeMap::new();
    for (run, point) in points {
        let latest = series
            .entry((run.row_id, &point.key))
            .or_insert((run, point));
        if is_later(point, latest.1) {
            *latest = (run, point);
        }
    }
    let latest: Vec<Vec<Param>> = series
        .values()
        .map(|(run, point)| advance(run, point))
        .collect();
    tx.insert_many(&ADVANCE, &latest)?;
    let known: Vec<Series<'_>> = series.into_keys().collect();
    let ids = ids(tx, &known)?;
    let mut rows = Vec::with_capacity(points.len());
    for (run, point) in points {
        let id = ids
            .get(&run.row_id)
            .and_then(|of_run| of_run.get(&point.key));
        let id = *id.ok_or_else(|| StoreError::Damaged {
            what: "metric",
            reason: "a series that was just written is absent".to_owned(),
        })?;
        let (value, is_nan) = stored(point.value);
        rows.push(params![id, point.timestamp_ms, point.step, value, is_nan].to_vec());
    }
    tx.insert_many(&INSERT_POINTS, &rows).map(drop)
}

/// A run's row and a metric's key.
type Series<'p> = (i64, &'p str);

fn is_later(point: &Metric, than: &Metric) -> bool {
    (point.step, point.timestamp_ms)
        .cmp(&(than.step, than.timestamp_ms))
        .then_with(|| stored(point.value).0.total_cmp(&stored(than.value).0))
        .is_gt()
}

fn advance(run: &RunInfo, latest: &Metric) -> Vec<Param> {
    let (value, is_nan) = stored(latest.value);
    params![
        run.row_id,
        &latest.key,
        run.experiment_id,
        value,
        latest.timestamp_ms,
        latest.step,
        is_nan
    ]
    .to_vec()
}

/// The series' numbers, by run and key.
fn ids(
    tx: &mut dyn Tx,
    series: &[Series<'_>],
) -> Result<HashMap<i64, HashMap<String, i64>>, StoreError> {
    let mut found: HashMap<i64, HashMap<String, i64>> = HashMap::new();
    for (runs, keys) in rectangles(series) {
        for row in tx.query(&SERIES, &params![runs, keys])? {
            found
                .entry(row.int(0)?)
                .or_default()
                .insert(row.text(1)?, row.int(2)?);
        }
    }
    Ok(found)
}

/// Runs and keys whose pairs cover `series`: all at once if most of the pairs are wanted (few names, used by many runs), else run by run.
fn rectangles(series: &[Series<'_>]) -> Vec<(Vec<i64>, Vec<String>)> {
    let of = |part: &[Series<'_>]| -> (BTreeSet<i64>, BTreeSet<String>) {
        part.iter()
            .map(|(run, key)| (*run, (*key).to_owned()))
            .unzip()
    };
    let listed = |(runs, keys): (BTreeSet<i64>, BTreeSet<String>)| {
        (runs.into_iter().collect(), keys.into_iter().collect())
    };
    let all = of(series);
    if all.0.len() * all.1.len() <= MOST_PAIRS_PER_SERIES * series.len() {
        return vec![listed(all)];
    }
    series
        .chunk_by(|a, b| a.0 == b.0)
        .map(|of_run| listed(of(of_run)))
        .collect()
}

/// A page of a metric's history, in the order of time.
pub fn history(
    tx: &mut dyn Tx,
    run: &RunInfo,
    key: &str,
    limit: i64,
    offset: i64,
) -> Result<Vec<Metric>, StoreError> {
    tx.query(&HISTORY, &params![run.row_id, key, limit, offset])?
        .iter()
        .map(|row| {
            Ok(Metric {
                key: key.to_owned(),
                timestamp_ms: row.int(0)?,
                step: row.int(1)?,
                value: read_value(row, 2)?,
            })
        })
        .collect()
}

/// The latest points of several runs, each handed over with its run's row number.
pub(crate) fn each_latest(
    tx: &mut dyn Tx,
    runs: &[i64],
    mut take: impl FnMut(i64, Metric),
) -> Result<(), StoreError> {
    tx.visit(&LATEST, &params![runs.to_vec()], &mut |row| {
        let value = if row.int(5)? == 0 {
            row.real(2)?
        } else {
            f64::NAN
        };
        let metric = Metric {
            key: row.text(1)?.to_owned(),
            value,
            timestamp_ms: row.int(3)?,
            step: row.int(4)?,
        };
        take(row.int(0)?, metric);
        Ok(())
    })
}

/// The latest points of several runs, with the runs' row numbers.
pub fn latest(tx: &mut dyn Tx, runs: &[i64]) -> Result<Vec<(i64, Metric)>, StoreError> {
    let mut found = Vec::new();
    each_latest(tx, runs, |run, metric| found.push((run, metric)))?;
    Ok(found)
}

pub(crate) fn read_value(row: &Row, column: usize) -> Result<f64, StoreError> {
    if row.bool(column + 1)? {
        Ok(f64::NAN)
    } else {
        row.real(column)
    }
}

/// `SQLite` stores NaN as NULL, so it has a flag of its own.
pub(crate) const fn stored(value: f64) -> (f64, bool) {
    if value.is_nan() {
        (0.0, true)
    } else {
        (value, false)
    }
}

/// Beyond this, looking for every pair of run and key costs more than a statement per run.
const MOST_PAIRS_PER_SERIES: usize = 16;
