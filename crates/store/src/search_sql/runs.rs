//! Search of runs.

use std::fmt::Write as _;

use hokusai_core::search::{Attribute, Clause, DatasetField, Field, Order, Query, Relation, Test};

use super::{Built, Page, View, direction, driver, not};
use crate::runs::Run;
use crate::statement::{Schema, Statement};
use crate::{StoreError, Tx};

/// Runs of some experiments that match, in order; the newest first where the order leaves it open.
pub fn runs(
    tx: &mut dyn Tx,
    experiments: &[i64],
    query: &Query,
    view: View,
    page: Page,
) -> Result<Vec<Run>, StoreError> {
    if experiments.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(few) = driver::choose(tx, experiments, query)? {
        let built = from_few(experiments, query, few, view, page);
        let ids = ids(tx, "SEARCH_RUNS_FROM_FEW", built)?;
        return crate::runs::get_many(tx, &ids);
    }
    let wanted = usize::try_from(page.limit).unwrap_or(usize::MAX);
    if let Some(built) = by_metric(experiments, query, view, page) {
        let ids = ids(tx, "SEARCH_RUNS_BY_METRIC", built)?;
        if ids.len() == wanted {
            return crate::runs::get_many(tx, &ids);
        }
    }
    let ids = ids(tx, "SEARCH_RUNS", complete(experiments, query, view, page))?;
    crate::runs::get_many(tx, &ids)
}

fn ids(tx: &mut dyn Tx, name: &'static str, built: Built) -> Result<Vec<i64>, StoreError> {
    let statement = Statement::built(Schema::Registry, name, built.sql);
    let rows = tx.query(&statement, &built.params)?;
    rows.iter().map(|row| row.int(0)).collect()
}

/// For an order by one metric: walks that metric's values and stops when the page is full. Runs without the metric or with NaN
/// are not in it, and come last in the order; so a page that is full is the page, and one that isn't has to be searched for again.
fn by_metric(experiments: &[i64], query: &Query, view: View, page: Page) -> Option<Built> {
    let ([experiment], [by]) = (experiments, query.order.as_slice()) else {
        return None;
    };
    let Field::Metric(key) = &by.field else {
        return None;
    };
    let mut built = Built {
        // A cross join keeps its order in SQLite: the values lead.
        sql: "SELECT r.id FROM latest_metrics o CROSS JOIN runs r WHERE r.id = o.run_id AND o.is_nan = 0".to_owned(),
        params: Vec::new(),
    };
    let (experiment, key) = (built.bind(*experiment), built.bind(key));
    let _ = write!(
        built.sql,
        " AND o.experiment_id = {experiment} AND o.key = {key}"
    );
    built.view("r.lifecycle", view);
    conditions(&mut built, experiments, query);
    let direction = direction(by.is_ascending);
    let _ = write!(
        built.sql,
        " ORDER BY o.value {direction}, r.start_ms DESC, r.run_uuid ASC"
    );
    built.page(page);
    Some(built)
}

/// For a clause that few runs pass: looks at those alone.
fn from_few(experiments: &[i64], query: &Query, few: &Clause, view: View, page: Page) -> Built {
    let table = driver::table(&few.field);
    let mut built = Built {
        // A cross join keeps its order in SQLite: the few lead.
        sql: format!("SELECT r.id FROM {table} d CROSS JOIN runs r"),
        params: Vec::new(),
    };
    let order = order(&mut built, &query.order);
    let passing = driver::passing(&mut built, experiments, few);
    let _ = write!(built.sql, " WHERE r.id = d.run_id AND {passing}");
    built.view("r.lifecycle", view);
    for clause in query.clauses.iter().filter(|clause| *clause != few) {
        let condition = condition(&mut built, experiments, clause);
        let _ = write!(built.sql, " AND {condition}");
    }
    built.sql.push_str(&order);
    built.page(page);
    built
}

fn complete(experiments: &[i64], query: &Query, view: View, page: Page) -> Built {
    let mut built = Built {
        sql: "SELECT r.id FROM runs r".to_owned(),
        params: Vec::new(),
    };
    let order = order(&mut built, &query.order);
    let among = built.among("r.experiment_id", experiments);
    let _ = write!(built.sql, " WHERE {among}");
    built.view("r.lifecycle", view);
    conditions(&mut built, experiments, query);
    built.sql.push_str(&order);
    built.page(page);
    built
}

fn conditions(built: &mut Built, experiments: &[i64], query: &Query) {
    for clause in &query.clauses {
        let condition = condition(built, experiments, clause);
        let _ = write!(built.sql, " AND {condition}");
    }
}

fn condition(built: &mut Built, experiments: &[i64], clause: &Clause) -> String {
    let table = match &clause.field {
        Field::Attribute(attribute) => return built.test(column(*attribute), &clause.test),
        Field::Dataset(field) => return dataset(built, experiments, *field, &clause.test),
        Field::Metric(_) => "latest_metrics",
        Field::Param(_) => "params",
        Field::Tag(_) => "tags",
    };
    let (Field::Metric(key) | Field::Param(key) | Field::Tag(key)) = &clause.field else {
        return "FALSE".to_owned();
    };
    let key = built.bind(key);
    let own = format!("SELECT 1 FROM {table} v WHERE v.run_id = r.id AND v.key = {key}");
    match (&clause.field, &clause.test) {
        (_, Test::IsNull) => return format!("NOT EXISTS ({own})"),
        (_, Test::IsNotNull) => return format!("EXISTS ({own})"),
        _ => {}
    }
    let test = built.test("v.value", &clause.test);
    let test = match (&clause.field, &clause.test) {
        // NaN is stored as 0 beside its flag; it differs from every number and is in no other relation to one.
        (Field::Metric(_), Test::Number(Relation::NotEqual, _)) => {
            format!("({test} OR v.is_nan = 1)")
        }
        (Field::Metric(_), _) => format!("{test} AND v.is_nan = 0"),
        _ => test,
    };
    format!("EXISTS ({own} AND {test})")
}

fn dataset(built: &mut Built, experiments: &[i64], field: DatasetField, test: &Test) -> String {
    let among = built.among("d.experiment_id", experiments);
    let test = match field {
        DatasetField::Name => built.test("d.name", test),
        DatasetField::Digest => built.test("d.digest", test),
        DatasetField::Context => context(built, test),
    };
    format!(
        "r.id IN (SELECT x.run_id FROM run_datasets x JOIN datasets d ON d.id = x.dataset_id WHERE {among} AND {test})"
    )
}

/// The context is one of the input's tags, which are kept as JSON text: `[["key","value"]]`.
fn context(built: &mut Built, test: &Test) -> String {
    let mut has = |value: &str, ignores_case| {
        let pattern = format!("%[\"mlflow.data.context\",\"{value}\"]%");
        built.like("x.tags", &pattern, ignores_case)
    };
    let literal = |text: &String| {
        in_json(text)
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_")
    };
    let (is_negated, found) = match test {
        Test::Text { is_negated, text } => (*is_negated, has(&literal(text), false)),
        Test::In { is_negated, texts } => {
            let each: Vec<String> = texts
                .iter()
                .map(|text| has(&literal(text), false))
                .collect();
            (*is_negated, format!("({})", each.join(" OR ")))
        }
        Test::Like {
            ignores_case,
            pattern,
        } => {
            let pattern = in_json(pattern).replace('\\', "\\\\");
            (false, has(&pattern, *ignores_case))
        }
        // The grammar has no other tests for datasets.
        _ => return "FALSE".to_owned(),
    };
    format!("{} AND {}{found}", has("%", false), not(is_negated))
}

/// A text as it stands inside a JSON string.
fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or(text).to_owned()
}

/// Adds the joins that the order needs, and answers its clause. What is not there comes last, NaN just before it.
fn order(built: &mut Built, order: &[Order]) -> String {
    let mut clause = " ORDER BY ".to_owned();
    for (index, part) in order.iter().enumerate() {
        let direction = direction(part.is_ascending);
        let (table, key) = match &part.field {
            Field::Attribute(attribute) => {
                let _ = write!(clause, "{} {direction} NULLS LAST, ", column(*attribute));
                continue;
            }
            Field::Metric(key) => ("latest_metrics", key),
            Field::Param(key) => ("params", key),
            Field::Tag(key) => ("tags", key),
            // The grammar has no order by datasets.
            Field::Dataset(_) => continue,
        };
        let key = built.bind(key);
        let _ = write!(
            built.sql,
            " LEFT JOIN {table} o{index} ON o{index}.run_id = r.id AND o{index}.key = {key}"
        );
        if table == "latest_metrics" {
            let _ = write!(clause, "COALESCE(o{index}.is_nan, 2) ASC, ");
        }
        let _ = write!(clause, "o{index}.value {direction} NULLS LAST, ");
    }
    let by_start = Field::Attribute(Attribute::StartTime);
    if order.iter().all(|part| part.field != by_start) {
        clause.push_str("r.start_ms DESC, ");
    }
    clause.push_str("r.run_uuid ASC");
    clause
}

const fn column(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::RunId => "r.run_uuid",
        Attribute::RunName => "r.name",
        Attribute::UserId => "r.user_id",
        Attribute::Status => "r.status",
        Attribute::EndTime => "r.end_ms",
        Attribute::ArtifactUri => "r.artifact_uri",
        Attribute::ExperimentId => "r.experiment_id",
        // The grammar of runs has no attributes of experiments.
        _ => "r.start_ms",
    }
}

#[cfg(test)]
mod tests;
