//! Metrics of logged models: points that name the model which they measure.

use std::collections::{HashMap, HashSet};

use hokusai_core::logged_model::{Dataset, LoggedModelMetric};
use hokusai_core::metric::Metric;
use hokusai_core::run::RunInfo;

use crate::metrics::{read_value, stored};
use crate::{StoreError, Tx, params, statements};

statements! {
    Registry;
    /// Points; an exact duplicate is stored once.
    INSERT_MODEL_POINTS = "INSERT INTO logged_model_metrics (model_id, key, ts_ms, step, run_id, value, is_nan, dataset_name, dataset_digest)"
                          [Text, Text, Int, Int, Int, Real, Int, Text, Text]
                          "ON CONFLICT DO NOTHING";
    /// Which of some logged models exist, deleted ones included.
    KNOWN_MODELS = "SELECT model_id FROM logged_models WHERE model_id = ANY($1)";
    /// The newest points of some logged models.
    MODEL_POINTS = "SELECT v.model_id, v.key, v.ts_ms, v.step, v.value, v.is_nan, r.run_uuid, v.dataset_name, v.dataset_digest
                    FROM (SELECT p.*, ROW_NUMBER() OVER (PARTITION BY p.model_id ORDER BY p.ts_ms DESC, p.step DESC) AS place
                          FROM logged_model_metrics p WHERE p.model_id = ANY($1)) v
                    JOIN runs r ON r.id = v.run_id WHERE v.place <= $2
                    ORDER BY v.model_id, v.key, v.ts_ms, v.step, r.run_uuid, v.value";
}

/// What a point says beside its value: which model it measures, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The logged model.
    pub model_id: String,
    /// The dataset, as far as it is named.
    pub dataset: Dataset,
}

/// Which of some logged models exist.
pub fn known(tx: &mut dyn Tx, model_ids: Vec<String>) -> Result<HashSet<String>, StoreError> {
    let rows = tx.query(&KNOWN_MODELS, &params![model_ids])?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Logs points that measure logged models which exist.
pub fn log(tx: &mut dyn Tx, points: &[(&RunInfo, &Metric, &Measured)]) -> Result<(), StoreError> {
    if points.is_empty() {
        return Ok(());
    }
    // In the order of the key: two transactions cannot deadlock.
    let mut points = points.to_vec();
    points.sort_by(|(_, a, of_a), (_, b, of_b)| {
        let left = (&of_a.model_id, &a.key, a.timestamp_ms, a.step);
        left.cmp(&(&of_b.model_id, &b.key, b.timestamp_ms, b.step))
    });
    let rows: Vec<Vec<crate::Param>> = points
        .iter()
        .map(|(run, point, measured)| {
            let (value, is_nan) = stored(point.value);
            let text = |part: &Option<String>| part.clone().unwrap_or_default();
            params![
                &measured.model_id,
                &point.key,
                point.timestamp_ms,
                point.step,
                run.row_id,
                value,
                is_nan,
                text(&measured.dataset.name),
                text(&measured.dataset.digest)
            ]
            .to_vec()
        })
        .collect();
    tx.insert_many(&INSERT_MODEL_POINTS, &rows).map(drop)
}

/// The points of some logged models, in the order of key and time.
pub(crate) fn of(
    tx: &mut dyn Tx,
    model_ids: Vec<String>,
) -> Result<HashMap<String, Vec<LoggedModelMetric>>, StoreError> {
    let mut found = HashMap::<String, Vec<LoggedModelMetric>>::new();
    for row in tx.query(&MODEL_POINTS, &params![model_ids, MOST_POINTS])? {
        let named = |text: String| (!text.is_empty()).then_some(text);
        let point = LoggedModelMetric {
            metric: Metric {
                key: row.text(1)?,
                timestamp_ms: row.int(2)?,
                step: row.int(3)?,
                value: read_value(&row, 4)?,
            },
            run_id: row.text(6)?,
            dataset: Dataset {
                name: named(row.text(7)?),
                digest: named(row.text(8)?),
            },
        };
        found.entry(row.text(0)?).or_default().push(point);
    }
    Ok(found)
}

/// Points shown with a logged model. More would make a page of a thousand models larger than clients read; all stay with the run.
const MOST_POINTS: i64 = 1000;
