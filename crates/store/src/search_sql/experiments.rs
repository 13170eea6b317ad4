//! Search of experiments.

use std::fmt::Write as _;

use hokusai_core::experiment::Experiment;
use hokusai_core::search::{Attribute, Clause, Field, Order, Query, Test};

use super::{Built, Page, View, direction};
use crate::statement::{Schema, Statement};
use crate::{StoreError, Tx};

/// Experiments that match, in order.
pub fn experiments(
    tx: &mut dyn Tx,
    query: &Query,
    view: View,
    page: Page,
) -> Result<Vec<Experiment>, StoreError> {
    let mut built = Built {
        sql: "SELECT e.id FROM experiments e WHERE TRUE".to_owned(),
        params: Vec::new(),
    };
    built.view("e.lifecycle", view);
    for clause in &query.clauses {
        let condition = condition(&mut built, clause);
        let _ = write!(built.sql, " AND {condition}");
    }
    order(&mut built, &query.order);
    built.page(page);
    let statement = Statement::built(Schema::Registry, "SEARCH_EXPERIMENTS", built.sql);
    let ids = tx
        .query(&statement, &built.params)?
        .iter()
        .map(|row| row.int(0))
        .collect::<Result<Vec<_>, _>>()?;
    crate::experiments::get_many(tx, &ids)
}

fn condition(built: &mut Built, clause: &Clause) -> String {
    match &clause.field {
        Field::Attribute(attribute) => built.test(column(*attribute), &clause.test),
        Field::Tag(key) => {
            let key = built.bind(key);
            let of = "SELECT 1 FROM experiment_tags t WHERE t.experiment_id = e.id AND t.key";
            match &clause.test {
                Test::IsNull => format!("NOT EXISTS ({of} = {key})"),
                Test::IsNotNull => format!("EXISTS ({of} = {key})"),
                test => format!("EXISTS ({of} = {key} AND {})", built.test("t.value", test)),
            }
        }
        // The grammar of experiments has no other fields.
        Field::Metric(_) | Field::Param(_) | Field::Dataset(_) => "FALSE".to_owned(),
    }
}

fn order(built: &mut Built, order: &[Order]) {
    built.sql.push_str(" ORDER BY ");
    if order.is_empty() {
        built.sql.push_str("e.created_ms DESC, e.id ASC");
        return;
    }
    for part in order {
        if let Field::Attribute(attribute) = part.field {
            let _ = write!(
                built.sql,
                "{} {}, ",
                column(attribute),
                direction(part.is_ascending)
            );
        }
    }
    built.sql.push_str("e.id DESC");
}

const fn column(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::Name => "e.name",
        Attribute::CreationTime => "e.created_ms",
        Attribute::LastUpdateTime => "e.updated_ms",
        // The grammar of experiments has no attributes of runs.
        _ => "e.id",
    }
}
