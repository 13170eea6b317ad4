//! Metrics: every point, and the latest of each series.

use hokusai_core::metric::Metric;
use hokusai_core::run::RunInfo;

use crate::{Param, Row, StoreError, Tx, params, statements};

statements! {
    Registry;
    /// The series of a run's metric.
    SERIES = "SELECT series_id FROM latest_metrics WHERE run_id = $1 AND key = $2";
    /// A series and its first point, unless somebody else just made it.
    NEW_SERIES = "INSERT INTO latest_metrics (run_id, key, experiment_id, value, ts_ms, step, is_nan)
                  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (run_id, key) DO NOTHING RETURNING series_id";
    /// Moves the latest point if this one is later: by step, then time, then value.
    ADVANCE = "UPDATE latest_metrics SET value = $2, ts_ms = $3, step = $4, is_nan = $5
               WHERE series_id = $1 AND (step, ts_ms, value) < ($4, $3, $2)";
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
    // Series in the order of their keys: two batches to one run cannot deadlock.
    let mut sorted: Vec<&Metric> = points.iter().collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    let mut rows = Vec::with_capacity(points.len());
    for series in sorted.chunk_by(|a, b| a.key == b.key) {
        let Some(latest) = latest_of(series) else {
            continue;
        };
        let id = advance(tx, run, latest)?;
        rows.extend(series.iter().map(|point| {
            let (value, is_nan) = stored(point.value);
            vec![
                id.into(),
                point.timestamp_ms.into(),
                point.step.into(),
                value.into(),
                Param::from(is_nan),
            ]
        }));
    }
    tx.insert_many(&INSERT_POINTS, &rows).map(drop)
}

fn latest_of<'p>(series: &[&'p Metric]) -> Option<&'p Metric> {
    series.iter().copied().max_by(|a, b| {
        (a.step, a.timestamp_ms)
            .cmp(&(b.step, b.timestamp_ms))
            .then_with(|| stored(a.value).0.total_cmp(&stored(b.value).0))
    })
}

fn advance(tx: &mut dyn Tx, run: &RunInfo, latest: &Metric) -> Result<i64, StoreError> {
    let (value, is_nan) = stored(latest.value);
    let known = tx.query_opt(&SERIES, &params![run.row_id, &latest.key])?;
    let id = if let Some(row) = known {
        row.int(0)?
    } else {
        let new = params![
            run.row_id,
            &latest.key,
            run.experiment_id,
            value,
            latest.timestamp_ms,
            latest.step,
            is_nan
        ];
        if let Some(row) = tx.query_opt(&NEW_SERIES, &new)? {
            return row.int(0);
        }
        tx.query_one(&SERIES, &params![run.row_id, &latest.key])?
            .int(0)?
    };
    tx.execute(
        &ADVANCE,
        &params![id, value, latest.timestamp_ms, latest.step, is_nan],
    )?;
    Ok(id)
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
                value: value(row, 2)?,
            })
        })
        .collect()
}

/// The latest points of several runs, with the runs' row numbers.
pub fn latest(tx: &mut dyn Tx, runs: &[i64]) -> Result<Vec<(i64, Metric)>, StoreError> {
    tx.query(&LATEST, &params![runs.to_vec()])?
        .iter()
        .map(|row| {
            let is_nan = row.bool(5)?;
            let value = if is_nan { f64::NAN } else { row.real(2)? };
            Ok((
                row.int(0)?,
                Metric {
                    key: row.text(1)?,
                    value,
                    timestamp_ms: row.int(3)?,
                    step: row.int(4)?,
                },
            ))
        })
        .collect()
}

fn value(row: &Row, column: usize) -> Result<f64, StoreError> {
    if row.bool(column + 1)? {
        Ok(f64::NAN)
    } else {
        row.real(column)
    }
}

/// `SQLite` stores NaN as NULL, so it has a flag of its own.
const fn stored(value: f64) -> (f64, bool) {
    if value.is_nan() {
        (0.0, true)
    } else {
        (value, false)
    }
}
