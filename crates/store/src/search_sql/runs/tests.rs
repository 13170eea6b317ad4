//! The search against a model in memory, on both databases, by every plan that could run it.

use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as Atomic};

use hokusai_core::experiment::Lifecycle;
use hokusai_core::metric::Metric;
use hokusai_testkit::{Backend, TestDatabase};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::runs::{NewRun, create, info, log_params, set_lifecycle, set_tags};
use crate::{Location, PostgresLocation, Store, StoreOptions, experiments, metrics};

/// A run of the model. Its number is its place in the list and decides its id.
#[derive(Clone, Debug)]
struct Modelled {
    start_ms: i64,
    is_deleted: bool,
    metrics: Vec<(String, f64)>,
    params: Vec<(String, String)>,
    tags: Vec<(String, String)>,
}

/// One search of some runs.
#[derive(Clone, Debug)]
struct Case {
    runs: Vec<Modelled>,
    query: Query,
    view: View,
    page: Page,
}

#[test]
fn every_plan_finds_on_sqlite_what_the_model_finds() {
    every_plan_finds_what_the_model_finds(Backend::Sqlite);
}

#[test]
fn every_plan_finds_on_postgresql_what_the_model_finds() {
    every_plan_finds_what_the_model_finds(Backend::Postgres);
}

fn every_plan_finds_what_the_model_finds(backend: Backend) {
    let database = TestDatabase::new(backend);
    let location = match database.postgres() {
        Some((url, prefix)) => Location::Postgres(PostgresLocation::new(url, prefix)),
        None => Location::Sqlite {
            directory: database.directory().join("data"),
        },
    };
    let store = Store::open(&StoreOptions::new(location, Schema::Registry)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let number = AtomicU64::new(0);
    let config = Config {
        cases: 96,
        failure_persistence: None,
        ..Config::default()
    };
    let tested = TestRunner::new(config).run(&cases(), |case| {
        let case = Arc::new(case);
        let expected = expected(&case);
        let number = number.fetch_add(1, Atomic::Relaxed);
        let searched = Arc::clone(&case);
        let found = runtime.block_on(store.write(move |tx| by_every_plan(tx, &searched, number)));
        for (plan, found) in found.unwrap() {
            prop_assert_eq!(&found, &expected, "{}", plan);
        }
        Ok(())
    });
    store.close();
    tested.unwrap();
}

/// What each plan finds, by its name. A plan that stops early speaks only where its page is full.
fn by_every_plan(
    tx: &mut dyn Tx,
    case: &Case,
    number: u64,
) -> Result<Vec<(String, Vec<String>)>, StoreError> {
    let experiment = lay_down(tx, case, number)?;
    let (query, view, page) = (&case.query, case.view, case.page);
    let among = [experiment];
    let mut plans = vec![("complete".to_owned(), complete(&among, query, view, page))];
    let leaders = query
        .clauses
        .iter()
        .filter(|clause| driver::can_lead(clause));
    plans.extend(leaders.map(|clause| {
        let built = from_few(&among, query, clause, view, page);
        (format!("from {clause:?}"), built)
    }));
    plans.extend(by_metric(&among, query, view, page).map(|built| ("by metric".to_owned(), built)));
    let all = runs(tx, &among, query, view, page)?;
    let mut found = vec![("the search".to_owned(), places(&all))];
    for (name, built) in plans {
        let ids = ids(tx, "PLAN", built)?;
        if name != "by metric" || i64::try_from(ids.len()) == Ok(page.limit) {
            let runs = crate::runs::get_many(tx, &ids)?;
            found.push((name, places(&runs)));
        }
    }
    // What is found must be what was asked for, whatever else is in the tables.
    let none = runs(tx, &[experiment + 1_000_000], query, view, page)?;
    assert!(none.is_empty());
    Ok(found)
}

fn lay_down(tx: &mut dyn Tx, case: &Case, number: u64) -> Result<i64, StoreError> {
    let experiment_id = experiments::create(tx, &format!("e{number}"), None, &[], 1)?.unwrap();
    for (place, run) in case.runs.iter().enumerate() {
        let new = NewRun {
            run_id: format!("{place:02x}{number:030x}"),
            experiment_id,
            name: String::new(),
            start_ms: run.start_ms,
            user_id: String::new(),
            artifact_uri: String::new(),
            tags: Vec::new(),
        };
        create(tx, &new)?;
        let info = info(tx, &new.run_id)?.unwrap();
        let points = run.metrics.iter();
        let points: Vec<Metric> = points
            .map(|(key, value)| Metric::new(key.clone(), *value, 1, 1))
            .collect();
        metrics::log(tx, &info, &points)?;
        assert_eq!(log_params(tx, &info, &run.params)?, []);
        set_tags(tx, &info, &run.tags)?;
        if run.is_deleted {
            set_lifecycle(tx, &info, Lifecycle::Deleted, 9)?;
        }
    }
    Ok(experiment_id)
}

/// The part of the ids that says which runs of the case they are.
fn places(runs: &[Run]) -> Vec<String> {
    runs.iter()
        .map(|run| run.info.run_id.chars().take(2).collect())
        .collect()
}

fn expected(case: &Case) -> Vec<String> {
    let mut found: Vec<(usize, &Modelled)> = case
        .runs
        .iter()
        .enumerate()
        .filter(|(_, run)| {
            let lifecycle = if run.is_deleted {
                Lifecycle::Deleted
            } else {
                Lifecycle::Active
            };
            case.view.is_none_or(|view| view == lifecycle)
        })
        .filter(|(_, run)| case.query.clauses.iter().all(|clause| passes(run, clause)))
        .collect();
    found.sort_by(|(a_place, a), (b_place, b)| {
        let mut order = Ordering::Equal;
        for part in &case.query.order {
            order = order.then_with(|| compare(a, b, part));
        }
        order
            .then_with(|| b.start_ms.cmp(&a.start_ms))
            .then_with(|| a_place.cmp(b_place))
    });
    found
        .into_iter()
        .skip(usize::try_from(case.page.offset).unwrap())
        .take(usize::try_from(case.page.limit).unwrap())
        .map(|(place, _)| format!("{place:02x}"))
        .collect()
}

fn of<'r, V>(values: &'r [(String, V)], key: &str) -> Option<&'r V> {
    values
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value)
}

fn passes(run: &Modelled, clause: &Clause) -> bool {
    match &clause.field {
        Field::Metric(key) => {
            let value = of(&run.metrics, key);
            match (&clause.test, value) {
                (Test::IsNull, value) => value.is_none(),
                (Test::IsNotNull, value) => value.is_some(),
                (Test::Number(relation, number), Some(value)) => {
                    holds(*relation, value.partial_cmp(number))
                }
                _ => false,
            }
        }
        Field::Param(key) => text_passes(of(&run.params, key), &clause.test),
        Field::Tag(key) => text_passes(of(&run.tags, key), &clause.test),
        Field::Attribute(Attribute::StartTime) => match &clause.test {
            Test::Integer(relation, number) => holds(*relation, Some(run.start_ms.cmp(number))),
            _ => panic!("no such test is made"),
        },
        _ => panic!("no such field is made"),
    }
}

/// NaN has no order to anything, and differs from everything.
fn holds(relation: Relation, order: Option<Ordering>) -> bool {
    match relation {
        Relation::Equal => order.is_some_and(Ordering::is_eq),
        Relation::NotEqual => order.is_none_or(Ordering::is_ne),
        Relation::Less => order.is_some_and(Ordering::is_lt),
        Relation::LessOrEqual => order.is_some_and(Ordering::is_le),
        Relation::Greater => order.is_some_and(Ordering::is_gt),
        Relation::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
    }
}

fn text_passes(value: Option<&String>, test: &Test) -> bool {
    match (test, value) {
        (Test::IsNull, value) => value.is_none(),
        (Test::IsNotNull, value) => value.is_some(),
        (Test::Text { is_negated, text }, Some(value)) => (value == text) != *is_negated,
        (Test::In { is_negated, texts }, Some(value)) => texts.contains(value) != *is_negated,
        (
            Test::Like {
                ignores_case,
                pattern,
            },
            Some(value),
        ) => {
            let start = pattern.trim_end_matches('%');
            if *ignores_case {
                value.to_lowercase().starts_with(&start.to_lowercase())
            } else {
                value.starts_with(start)
            }
        }
        _ => false,
    }
}

/// What is not there comes last either way, NaN just before it.
fn compare(a: &Modelled, b: &Modelled, part: &Order) -> Ordering {
    let directed = |order: Ordering| {
        if part.is_ascending {
            order
        } else {
            order.reverse()
        }
    };
    let text = |a: Option<&String>, b: Option<&String>| match (a, b) {
        (Some(a), Some(b)) => directed(a.cmp(b)),
        _ => a.is_none().cmp(&b.is_none()),
    };
    match &part.field {
        Field::Metric(key) => {
            let rank = |value: Option<&f64>| value.map_or(2, |value| u8::from(value.is_nan()));
            let (a, b) = (of(&a.metrics, key), of(&b.metrics, key));
            rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
                (Some(a), Some(b)) => a.partial_cmp(b).map_or(Ordering::Equal, directed),
                _ => Ordering::Equal,
            })
        }
        Field::Param(key) => text(of(&a.params, key), of(&b.params, key)),
        Field::Tag(key) => text(of(&a.tags, key), of(&b.tags, key)),
        _ => directed(a.start_ms.cmp(&b.start_ms)),
    }
}

const KEYS: [&str; 2] = ["k", "l"];
const TEXTS: [&str; 4] = ["x", "X", "xy", "z%"];
const NUMBERS: [f64; 4] = [-1.0, 0.0, 0.5, f64::NAN];

fn key() -> impl Strategy<Value = String> {
    select(&KEYS[..]).prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> {
    select(&TEXTS[..]).prop_map(str::to_owned)
}

fn keyed<V: Strategy + Clone>(values: V) -> impl Strategy<Value = Vec<(String, V::Value)>> {
    subsequence(&KEYS[..], 0..=KEYS.len()).prop_flat_map(move |keys| {
        let entries = keys.into_iter().map(|key| {
            let key = key.to_owned();
            values.clone().prop_map(move |value| (key.clone(), value))
        });
        entries.collect::<Vec<_>>()
    })
}

fn modelled() -> impl Strategy<Value = Modelled> {
    let texts = || select(&TEXTS[..]).prop_map(str::to_owned).boxed();
    let parts = (
        0_i64..4,
        prop::bool::weighted(0.2),
        keyed(select(&NUMBERS[..])),
        keyed(texts()),
        keyed(texts()),
    );
    parts.prop_map(|(start_ms, is_deleted, metrics, params, tags)| Modelled {
        start_ms,
        is_deleted,
        metrics,
        params,
        tags,
    })
}

fn relation() -> impl Strategy<Value = Relation> {
    select(vec![
        Relation::Equal,
        Relation::NotEqual,
        Relation::Less,
        Relation::LessOrEqual,
        Relation::Greater,
        Relation::GreaterOrEqual,
    ])
}

fn text_test() -> impl Strategy<Value = Test> {
    prop_oneof![
        3 => (any::<bool>(), text()).prop_map(|(is_negated, text)| Test::Text { is_negated, text }),
        2 => (any::<bool>(), prop::collection::vec(text(), 1..3))
            .prop_map(|(is_negated, texts)| Test::In { is_negated, texts }),
        1 => any::<bool>().prop_map(|ignores_case| Test::Like { ignores_case, pattern: "x%".to_owned() }),
        1 => Just(Test::IsNull),
        1 => Just(Test::IsNotNull),
    ]
}

fn clause() -> impl Strategy<Value = Clause> {
    let number = select(vec![-1.0, 0.0, 0.5]);
    prop_oneof![
        4 => (key(), relation(), number).prop_map(|(key, relation, number)| Clause {
            field: Field::Metric(key),
            test: Test::Number(relation, number),
        }),
        1 => (key(), any::<bool>()).prop_map(|(key, is_null)| Clause {
            field: Field::Metric(key),
            test: if is_null { Test::IsNull } else { Test::IsNotNull },
        }),
        3 => (key(), text_test()).prop_map(|(key, test)| Clause { field: Field::Param(key), test }),
        3 => (key(), text_test()).prop_map(|(key, test)| Clause { field: Field::Tag(key), test }),
        1 => (relation(), 0_i64..4).prop_map(|(relation, number)| Clause {
            field: Field::Attribute(Attribute::StartTime),
            test: Test::Integer(relation, number),
        }),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    let field = prop_oneof![
        4 => key().prop_map(Field::Metric),
        1 => key().prop_map(Field::Param),
        1 => key().prop_map(Field::Tag),
        1 => Just(Field::Attribute(Attribute::StartTime)),
    ];
    (field, any::<bool>()).prop_map(|(field, is_ascending)| Order {
        field,
        is_ascending,
        dataset: None,
    })
}

fn cases() -> impl Strategy<Value = Case> {
    let view = select(vec![
        Some(Lifecycle::Active),
        Some(Lifecycle::Deleted),
        None,
    ]);
    let parts = (
        prop::collection::vec(modelled(), 0..14),
        prop::collection::vec(clause(), 0..3),
        prop::collection::vec(order(), 0..3),
        view,
        (0_i64..3, 1_i64..8),
    );
    parts.prop_map(|(runs, clauses, order, view, (offset, limit))| Case {
        runs,
        query: Query { clauses, order },
        view,
        page: Page { offset, limit },
    })
}

#[test]
fn the_clause_that_the_fewest_runs_pass_leads_and_none_does_that_many_pass() {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Sqlite {
        directory: directory.path().join("data"),
    };
    let store = Store::open(&StoreOptions::new(location, Schema::Registry)).unwrap();
    let runs = (0..1100_u32).map(|number| Modelled {
        start_ms: 1,
        is_deleted: false,
        metrics: vec![("k".to_owned(), f64::from(number))],
        params: vec![
            ("k".to_owned(), "same".to_owned()),
            ("l".to_owned(), (number % 11).to_string()),
        ],
        tags: Vec::new(),
    });
    let text = |key: &str, text: &str| Clause {
        field: Field::Param(key.to_owned()),
        test: Test::Text {
            is_negated: false,
            text: text.to_owned(),
        },
    };
    let above = |number| Clause {
        field: Field::Metric("k".to_owned()),
        test: Test::Number(Relation::Greater, number),
    };
    let expected = [
        (vec![text("k", "same"), above(0.0)], None),
        (vec![text("k", "same"), text("l", "3")], Some(1)),
        (vec![text("l", "3"), above(1090.0)], Some(1)),
        (vec![above(900.0), text("l", "3")], Some(1)),
        (vec![], None),
    ];
    let case = Case {
        runs: runs.collect(),
        query: Query {
            clauses: Vec::new(),
            order: Vec::new(),
        },
        view: None,
        page: Page {
            offset: 0,
            limit: 1,
        },
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let checked = runtime.block_on(store.write(move |tx| {
        let experiment = lay_down(tx, &case, 0)?;
        for (clauses, leader) in &expected {
            let query = Query {
                clauses: clauses.clone(),
                order: Vec::new(),
            };
            let chosen = driver::choose(tx, &[experiment], &query)?;
            assert_eq!(chosen, leader.map(|index: usize| &clauses[index]));
        }
        Ok::<_, StoreError>(())
    }));
    store.close();
    checked.unwrap();
}
