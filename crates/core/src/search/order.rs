//! The order of a search.

use super::clause::{EXPERIMENT_KEYS, experiment_attribute, field, run_attribute};
use super::token::{Kind, tokens};
use super::{Field, InvalidSearch, Order, Target, refuse};
use crate::python_text::repr;

/// Reads the parts of an order; no field may be there twice.
pub(super) fn read(target: Target, order_by: &[String]) -> Result<Vec<Order>, InvalidSearch> {
    let mut order: Vec<Order> = Vec::new();
    for raw in order_by {
        let part = part(target, raw)?;
        if target == Target::Runs && order.iter().any(|seen| seen.field == part.field) {
            let all: Vec<String> = order_by.iter().map(|text| repr(text)).collect();
            return refuse(format!(
                "`order_by` contains duplicate fields: [{}]",
                all.join(", ")
            ));
        }
        order.push(part);
    }
    Ok(order)
}

fn part(target: Target, raw: &str) -> Result<Order, InvalidSearch> {
    let words = tokens(raw);
    let unreadable = || {
        InvalidSearch(format!(
            "Invalid order_by clause '{raw}'. Could not be parsed."
        ))
    };
    let (name, direction) = match words.as_slice() {
        [name] => (name, None),
        [name, direction] => (name, Some(direction.text.to_ascii_lowercase())),
        _ => return Err(unreadable()),
    };
    if name.kind != Kind::Name {
        return Err(unreadable());
    }
    let is_ascending = match direction.as_deref() {
        None | Some("asc") => true,
        Some("desc") => false,
        Some(_) => {
            return refuse(format!("Invalid ordering key in order_by clause '{raw}'."));
        }
    };
    let known: (fn(&str) -> Option<_>, _) = match target {
        Target::Runs => (run_attribute, RUN_KEYS),
        Target::Experiments => (experiment_attribute, EXPERIMENT_KEYS),
    };
    let field = field(target, name.text, known)?;
    match (target, &field) {
        (Target::Runs, Field::Dataset(_)) => refuse("Invalid identifier type 'dataset'"),
        (Target::Experiments, Field::Tag(_)) => refuse("Invalid order_by entity: tag"),
        _ => Ok(Order {
            field,
            is_ascending,
        }),
    }
}

const RUN_KEYS: &str = "{'Created', 'artifact_uri', 'created', 'end_time', 'run_id', 'run_name', 'start_time', 'status', 'user_id'}";
