//! Search of logged models.

use std::fmt::Write as _;

use hokusai_core::logged_model::{Dataset, LoggedModel};
use hokusai_core::search::{Attribute, Clause, Field, Order, Query, Relation, Test};

use super::{Built, Page, direction};
use crate::statement::{Schema, Statement};
use crate::{StoreError, Tx};

/// Logged models of some experiments that match, in order; the newest first where the order leaves it open. With `datasets`, only
/// metrics that were measured on one of them count, and a model has to have one.
pub fn logged_models(
    tx: &mut dyn Tx,
    experiment_ids: &[i64],
    query: &Query,
    datasets: &[Dataset],
    page: Page,
) -> Result<Vec<LoggedModel>, StoreError> {
    let mut built = Built {
        sql: "SELECT m.model_id, m.experiment_id, m.name, m.artifact_uri, m.created_at_ms, m.updated_at_ms, \
              m.model_type, m.source_run_id, m.status, m.status_message FROM logged_models m"
            .to_owned(),
        params: Vec::new(),
    };
    let order = order(&mut built, &query.order);
    let among = built.among("m.experiment_id", experiment_ids);
    let _ = write!(built.sql, " WHERE m.is_deleted = 0 AND {among}");
    let has_metric = |clause: &Clause| matches!(clause.field, Field::Metric(_));
    for clause in &query.clauses {
        let condition = condition(&mut built, clause, datasets);
        let _ = write!(built.sql, " AND {condition}");
    }
    if !datasets.is_empty() && !query.clauses.iter().any(has_metric) {
        let measured = measured_on(&mut built, datasets);
        let _ = write!(
            built.sql,
            " AND EXISTS (SELECT 1 FROM logged_model_metrics v WHERE v.model_id = m.model_id{measured})"
        );
    }
    built.sql.push_str(&order);
    built.page(page);
    let statement = Statement::built(Schema::Registry, "SEARCH_LOGGED_MODELS", built.sql);
    let rows = tx.query(&statement, &built.params)?;
    crate::logged_models::complete(tx, &rows)
}

fn condition(built: &mut Built, clause: &Clause, datasets: &[Dataset]) -> String {
    let (table, key) = match &clause.field {
        Field::Attribute(attribute) => return built.test(column(*attribute), &clause.test),
        Field::Metric(key) => ("logged_model_metrics", key),
        Field::Param(key) => ("logged_model_params", key),
        Field::Tag(key) => ("logged_model_tags", key),
        // The grammar of logged models has no datasets; they come beside the filter.
        Field::Dataset(_) => return "FALSE".to_owned(),
    };
    let key = built.bind(key);
    let mut test = built.test("v.value", &clause.test);
    if matches!(clause.field, Field::Metric(_)) {
        // NaN is stored as 0 beside its flag; it differs from every number and is in no other relation to one.
        test = match &clause.test {
            Test::Number(Relation::NotEqual, _) => format!("({test} OR v.is_nan = 1)"),
            _ => format!("{test} AND v.is_nan = 0"),
        };
        test.push_str(&measured_on(built, datasets));
    }
    format!(
        "EXISTS (SELECT 1 FROM {table} v WHERE v.model_id = m.model_id AND v.key = {key} AND {test})"
    )
}

/// Limits `v` to some datasets.
fn measured_on(built: &mut Built, datasets: &[Dataset]) -> String {
    let each: Vec<String> = datasets
        .iter()
        .map(|dataset| format!("TRUE{}", same_dataset(built, "v", dataset)))
        .collect();
    if each.is_empty() {
        return String::new();
    }
    format!(" AND ({})", each.join(" OR "))
}

fn same_dataset(built: &mut Built, table: &str, dataset: &Dataset) -> String {
    let mut condition = String::new();
    for (column, value) in [("name", &dataset.name), ("digest", &dataset.digest)] {
        if let Some(value) = value {
            let value = built.bind(value);
            let _ = write!(condition, " AND {table}.dataset_{column} = {value}");
        }
    }
    condition
}

/// Adds the joins that the order needs, and answers its clause. What is not there comes last, NaN just before it. Of several values
/// of a metric the latest counts: by time, then by step.
fn order(built: &mut Built, order: &[Order]) -> String {
    let mut clause = " ORDER BY ".to_owned();
    for (index, part) in order.iter().enumerate() {
        let direction = direction(part.is_ascending);
        match &part.field {
            Field::Attribute(attribute) => {
                let _ = write!(clause, "{} {direction} NULLS LAST, ", column(*attribute));
            }
            Field::Metric(key) => {
                let key = built.bind(key);
                let on_dataset = part
                    .dataset
                    .as_ref()
                    .map_or_else(String::new, |dataset| same_dataset(built, "p", dataset));
                let _ = write!(
                    built.sql,
                    " LEFT JOIN (SELECT p.model_id, p.value, p.is_nan, ROW_NUMBER() OVER (PARTITION BY p.model_id \
                     ORDER BY p.ts_ms DESC, p.step DESC, p.run_id ASC) AS place FROM logged_model_metrics p \
                     WHERE p.key = {key}{on_dataset}) o{index} ON o{index}.model_id = m.model_id AND o{index}.place = 1"
                );
                let _ = write!(
                    clause,
                    "COALESCE(o{index}.is_nan, 2) ASC, o{index}.value {direction} NULLS LAST, "
                );
            }
            // The grammar has no order by these.
            Field::Param(_) | Field::Tag(_) | Field::Dataset(_) => {}
        }
    }
    let is_by = |attribute| {
        order
            .iter()
            .any(|part| part.field == Field::Attribute(attribute))
    };
    if !is_by(Attribute::CreationTime) {
        clause.push_str("m.created_at_ms DESC, ");
    }
    clause.push_str("m.model_id ASC");
    clause
}

const fn column(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::ModelType => "m.model_type",
        Attribute::SourceRunId => "m.source_run_id",
        Attribute::CreationTime => "m.created_at_ms",
        Attribute::LastUpdateTime => "m.updated_at_ms",
        Attribute::ExperimentId => "m.experiment_id",
        Attribute::ArtifactUri => "m.artifact_uri",
        // Compared with texts.
        Attribute::Status => "CAST(m.status AS TEXT)",
        Attribute::StatusMessage => "m.status_message",
        Attribute::Name => "m.name",
        // The grammar of logged models has no others.
        _ => "m.model_id",
    }
}
