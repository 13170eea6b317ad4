//! Which index leads a search of runs.
//!
//! Walking the order's index and testing each run is right while many runs match; when one clause of the filter is true of few runs, it is
//! far cheaper to begin with those. Counting stops at a cap, so that the question costs less than the mistake.

use hokusai_core::search::{Clause, Field, Query, Relation, Test};

use super::Built;
use crate::statement::{Schema, Statement};
use crate::{StoreError, Tx};

/// The clause that the fewest runs pass, if they are few.
pub(super) fn choose<'q>(
    tx: &mut dyn Tx,
    experiments: &[i64],
    query: &'q Query,
) -> Result<Option<&'q Clause>, StoreError> {
    let able: Vec<&Clause> = query
        .clauses
        .iter()
        .filter(|clause| can_lead(clause))
        .take(MOST_CANDIDATES)
        .collect();
    if able.is_empty() {
        return Ok(None);
    }
    let mut built = Built::default();
    for (index, clause) in able.iter().enumerate() {
        let before = if index == 0 { "SELECT " } else { ", " };
        built.sql.push_str(before);
        let table = table(&clause.field);
        let passing = passing(&mut built, experiments, clause);
        let cap = built.bind(FEW + 1);
        let count = format!(
            "(SELECT count(*) FROM (SELECT 1 FROM {table} d WHERE {passing} LIMIT {cap}) c{index})"
        );
        built.sql.push_str(&count);
    }
    let statement = Statement::built(Schema::Registry, "COUNT_CANDIDATES", built.sql);
    let row = tx.query_one(&statement, &built.params)?;
    let mut best = None;
    for (index, clause) in able.into_iter().enumerate() {
        let count = row.int(index)?;
        if count <= FEW && best.is_none_or(|(least, _)| count < least) {
            best = Some((count, clause));
        }
    }
    Ok(best.map(|(_, clause)| clause))
}

/// The table of a field's values.
pub(super) const fn table(field: &Field) -> &'static str {
    match field {
        Field::Metric(_) => "latest_metrics",
        Field::Param(_) => "params",
        Field::Tag(_) => "tags",
        Field::Dataset(_) => "run_datasets",
        Field::Attribute(_) => "runs",
    }
}

/// The condition on rows `d` of the clause's table: together they are what the table's value index finds.
pub(super) fn passing(built: &mut Built, experiments: &[i64], clause: &Clause) -> String {
    let (Field::Metric(key) | Field::Param(key) | Field::Tag(key)) = &clause.field else {
        return "FALSE".to_owned();
    };
    let among = built.among("d.experiment_id", experiments);
    let key = built.bind(key);
    let test = built.test("d.value", &clause.test);
    let start = start(built, &clause.test);
    // NaN is stored as 0 beside its flag.
    let number = if matches!(clause.field, Field::Metric(_)) {
        " AND d.is_nan = 0"
    } else {
        ""
    };
    format!("{among} AND d.key = {key} AND {test}{start}{number}")
}

/// The condition that an index over the starts of texts needs to be of use; the texts themselves are compared anyway.
fn start(built: &mut Built, test: &Test) -> String {
    let start = |text: &String| text.chars().take(INDEXED_CHARS).collect::<String>();
    match test {
        Test::Text { text, .. } => {
            format!(
                " AND substr(d.value, 1, {INDEXED_CHARS}) = {}",
                built.bind(start(text))
            )
        }
        Test::In { texts, .. } => {
            let starts = built.bind(texts.iter().map(start).collect::<Vec<_>>());
            format!(" AND substr(d.value, 1, {INDEXED_CHARS}) = ANY({starts})")
        }
        _ => String::new(),
    }
}

/// Whether an index over values finds what passes: it must be there, and lie in one range or at a few places.
pub(super) const fn can_lead(clause: &Clause) -> bool {
    match (&clause.field, &clause.test) {
        (Field::Metric(_), Test::Number(relation, _)) => !matches!(relation, Relation::NotEqual),
        (
            Field::Param(_) | Field::Tag(_),
            Test::Text {
                is_negated: false, ..
            }
            | Test::In {
                is_negated: false, ..
            },
        ) => true,
        _ => false,
    }
}

/// Up to so many runs are looked up one by one; measured, a run costs some microseconds, and a page that is walked for a thousand.
const FEW: i64 = 1000;

/// Characters of a param's or tag's value in PostgreSQL's indexes (migration 7 of the registry).
const INDEXED_CHARS: usize = 200;

/// Further clauses are tested, but not counted.
const MOST_CANDIDATES: usize = 8;
