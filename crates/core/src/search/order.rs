//! The order of a search.

use super::field::{self, Place};
use super::token::{Kind, tokens};
use super::{Field, InvalidSearch, LoggedModelOrder, Order, Target, refuse};
use crate::python_text::repr;

/// Reads the parts of an order; no field may be there twice.
pub(super) fn read(target: Target, order_by: &[String]) -> Result<Vec<Order>, InvalidSearch> {
    let mut order: Vec<Order> = Vec::new();
    for raw in order_by {
        let part = part(target, raw)?;
        if target != Target::Experiments && order.iter().any(|seen| seen.field == part.field) {
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
    let field = field::read(target, Place::Order, name.text)?;
    match &field {
        Field::Dataset(_) => refuse("Invalid identifier type 'dataset'"),
        Field::Tag(_) if target != Target::Runs => refuse("Invalid order_by entity: tag"),
        _ => Ok(Order {
            field,
            is_ascending,
            dataset: None,
        }),
    }
}

/// Reads a part of an order of logged models: a column or a metric.
pub(super) fn of_logged_models(part: &LoggedModelOrder) -> Result<Order, InvalidSearch> {
    let unknown = |rest| {
        InvalidSearch(format!(
            "Invalid order by field name: {}{rest}",
            part.field_name
        ))
    };
    let field = field::read(Target::LoggedModels, Place::Order, &part.field_name)
        .map_err(|_| unknown(""))?;
    match field {
        Field::Param(_) | Field::Tag(_) => Err(unknown(". Only metrics are supported.")),
        field => Ok(Order {
            field,
            is_ascending: part.is_ascending,
            dataset: part.dataset.clone(),
        }),
    }
}
