//! Points of many runs at once, on both databases.

use hokusai_core::metric::Metric;
use hokusai_core::run::RunInfo;
use hokusai_store::runs::NewRun;
use hokusai_store::statement::Schema;
use hokusai_store::{StoreError, StoreOptions, Tx, experiments, metrics, runs};
use hokusai_testkit::TestDatabase;

use crate::BOTH;

/// Runs `claim` in one transaction on each database.
async fn on_both(claim: fn(&mut dyn Tx) -> Result<(), StoreError>) {
    for backend in BOTH {
        let database = TestDatabase::new(backend);
        let options = StoreOptions::new(database.location(), Schema::Registry);
        let store = crate::open(options).await;
        assert_eq!(store.write(claim).await, Ok(()), "{backend:?}");
        crate::close(store).await;
    }
}

fn make_runs(tx: &mut dyn Tx, count: usize) -> Result<Vec<RunInfo>, StoreError> {
    let experiment_id = experiments::create(tx, "e", None, &[], 1)?.unwrap();
    (0..count)
        .map(|number| {
            let run = NewRun {
                run_id: format!("{number:032x}"),
                experiment_id,
                name: String::new(),
                start_ms: 1,
                user_id: String::new(),
                artifact_uri: String::new(),
                tags: Vec::new(),
            };
            runs::create(tx, &run)?;
            Ok(runs::info(tx, &run.run_id)?.unwrap())
        })
        .collect()
}

fn point(key: &str, value: f64, timestamp_ms: i64, step: i64) -> Metric {
    Metric::new(key.to_owned(), value, timestamp_ms, step)
}

fn latest(tx: &mut dyn Tx, run: &RunInfo) -> Result<Vec<(String, f64)>, StoreError> {
    let found = metrics::latest(tx, &[run.row_id])?;
    Ok(found
        .into_iter()
        .map(|(_, point)| (point.key, point.value))
        .collect())
}

#[tokio::test]
async fn the_latest_point_is_the_one_of_the_last_step_then_time_then_value() {
    on_both(|tx| {
        let run = &make_runs(tx, 1)?[0];
        metrics::log(
            tx,
            run,
            &[point("loss", 3.0, 5, 2), point("loss", 9.0, 9, 1)],
        )?;
        assert_eq!(latest(tx, run)?, [("loss".to_owned(), 3.0)]);
        metrics::log(tx, run, &[point("loss", 7.0, 99, 1)])?;
        assert_eq!(
            latest(tx, run)?,
            [("loss".to_owned(), 3.0)],
            "an earlier step"
        );
        metrics::log(
            tx,
            run,
            &[point("loss", 4.0, 5, 2), point("loss", 2.0, 5, 2)],
        )?;
        assert_eq!(
            latest(tx, run)?,
            [("loss".to_owned(), 4.0)],
            "a larger value"
        );
        assert_eq!(metrics::history(tx, run, "loss", 10, 0)?.len(), 5);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_point_that_is_logged_twice_is_stored_once() {
    on_both(|tx| {
        let run = &make_runs(tx, 1)?[0];
        let twice = [point("nan", f64::NAN, 1, 1), point("nan", f64::NAN, 1, 1)];
        metrics::log(tx, run, &twice)?;
        metrics::log(tx, run, &twice)?;
        assert_eq!(metrics::history(tx, run, "nan", 10, 0)?.len(), 1);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn points_of_many_runs_stay_with_their_runs() {
    on_both(|tx| {
        let all = make_runs(tx, 40)?;
        let (shared, own): (Vec<Metric>, Vec<Metric>) = (0_i32..40)
            .map(|number| {
                let value = f64::from(number);
                (
                    point("loss", value, 1, 1),
                    point(&format!("own{number}"), value, 1, 1),
                )
            })
            .unzip();
        metrics::log_many(tx, &all.iter().zip(&shared).collect::<Vec<_>>())?;
        metrics::log_many(tx, &all.iter().zip(&own).collect::<Vec<_>>())?;
        for ((run, number), value) in all.iter().zip(0..).zip(0_i32..) {
            let value = f64::from(value);
            let expected = [("loss".to_owned(), value), (format!("own{number}"), value)];
            assert_eq!(latest(tx, run)?, expected);
        }
        Ok(())
    })
    .await;
}
