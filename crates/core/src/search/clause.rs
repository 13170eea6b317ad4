//! What a comparison means.

use super::field::{self, Place};
use super::phrase::Phrase;
use super::token::{Kind, Token};
use super::value::{bare, is_number, list, quoted_for, real, text, unquoted};
use super::{Attribute, Clause, Field, InvalidSearch, Relation, Target, Test, refuse};

/// Gives a comparison its meaning.
pub(super) fn read(target: Target, phrase: &Phrase<'_>) -> Result<Clause, InvalidSearch> {
    let field = field::read(target, Place::Filter, phrase.field)?;
    let test = match &phrase.value {
        None => presence(target, &field, &phrase.comparator, phrase.field)?,
        Some(value) => test(target, &field, phrase, value)?,
    };
    Ok(Clause { field, test })
}

fn test(
    target: Target,
    field: &Field,
    phrase: &Phrase<'_>,
    value: &Token<'_>,
) -> Result<Test, InvalidSearch> {
    let comparator = phrase.comparator.as_str();
    match field {
        Field::Metric(_) => metric(comparator, value),
        // Logged models may have any of several values; nothing else of texts may.
        Field::Param(_) | Field::Tag(_)
            if target == Target::LoggedModels && value.kind == Kind::Brackets =>
        {
            listed(comparator, value)
        }
        Field::Param(_) => textual(comparator, quoted_for("parameter", value)?, OF_TEXTS, "'"),
        Field::Tag(_) => textual(comparator, quoted_for("tag", value)?, OF_TEXTS, ""),
        Field::Dataset(_) if value.kind == Kind::Brackets => listed(comparator, value),
        Field::Dataset(_) => {
            let expected = "Expected a quoted string value for dataset attributes. Got value";
            textual(comparator, text(value, expected)?, OF_ATTRIBUTES, "")
        }
        Field::Attribute(Attribute::ExperimentId) => experiment_ids(comparator, value),
        Field::Attribute(Attribute::VersionNumber) => version_number(comparator, value),
        Field::Attribute(attribute) if is_numeric(*attribute) => {
            numeric(target, phrase.field, comparator, value)
        }
        Field::Attribute(attribute) if value.kind == Kind::Brackets => {
            let (is_allowed, allowed) = lists(target, *attribute);
            if is_allowed {
                return listed(comparator, value);
            }
            refuse(format!(
                "Only [{allowed}] attributes support comparison with a list of quoted string values."
            ))
        }
        Field::Attribute(_) => textual(comparator, text(value, OF_ATTRIBUTE)?, OF_ATTRIBUTES, "'"),
    }
}

/// Whether an attribute may be one of several values, and which may, for the message.
const fn lists(target: Target, attribute: Attribute) -> (bool, &'static str) {
    match target {
        Target::Runs => (matches!(attribute, Attribute::RunId), "'run_id'"),
        Target::Experiments => (false, "'experiment_id'"),
        Target::Models => (matches!(attribute, Attribute::Name), "'name'"),
        Target::Versions => (
            matches!(attribute, Attribute::Name | Attribute::RunId),
            "'name', 'run_id'",
        ),
        Target::LoggedModels => (true, "all"),
    }
}

fn metric(comparator: &str, value: &Token<'_>) -> Result<Test, InvalidSearch> {
    if !is_number(value) {
        return refuse(format!(
            "Expected numeric value type for metric. Found {}",
            value.text
        ));
    }
    let relation = relation(comparator, "'{'!=', '<', '<=', '=', '>', '>='}")?;
    Ok(Test::Number(relation, real(value)?))
}

/// A number, in quotes or not.
fn version_number(comparator: &str, value: &Token<'_>) -> Result<Test, InvalidSearch> {
    let Some(relation) = Relation::from_word(comparator) else {
        return refuse(format!(
            "Invalid comparator for attribute version_number: {comparator}"
        ));
    };
    let number = unquoted(value.text).parse().map_err(|_| {
        InvalidSearch(format!(
            "Invalid value for numeric attribute 'version_number': {}",
            value.text
        ))
    })?;
    Ok(Test::Integer(relation, number))
}

const fn is_numeric(attribute: Attribute) -> bool {
    matches!(
        attribute,
        Attribute::StartTime
            | Attribute::EndTime
            | Attribute::CreationTime
            | Attribute::LastUpdateTime
    )
}

fn presence(
    target: Target,
    field: &Field,
    comparator: &str,
    raw: &str,
) -> Result<Test, InvalidSearch> {
    let has_presence = matches!(target, Target::Runs | Target::Experiments);
    if has_presence && matches!(field, Field::Tag(_) | Field::Param(_)) {
        return Ok(if comparator == "IS NULL" {
            Test::IsNull
        } else {
            Test::IsNotNull
        });
    }
    let (entity, key) = raw.split_once('.').unwrap_or(("attribute", raw));
    refuse(match target {
        Target::Runs => format!(
            "IS NULL / IS NOT NULL is only supported for tags and params, not for '{}' '{}'",
            entity.trim_end_matches('s'),
            bare(key)
        ),
        Target::Experiments => format!(
            "IS NULL / IS NOT NULL is only supported for tags, not for attribute '{}'",
            bare(key)
        ),
        Target::Models | Target::Versions | Target::LoggedModels => {
            format!("Invalid clause(s) in filter string: {raw} {comparator}")
        }
    })
}

fn numeric(
    target: Target,
    raw: &str,
    comparator: &str,
    value: &Token<'_>,
) -> Result<Test, InvalidSearch> {
    let key = bare(raw.rsplit('.').next().unwrap_or(raw));
    if !is_number(value) {
        return refuse(format!(
            "Expected numeric value type for numeric attribute: {key}. Found {}",
            value.text
        ));
    }
    let relation = match target {
        Target::Runs => relation(comparator, OF_ATTRIBUTES)?,
        _ => Relation::from_word(comparator).ok_or_else(|| {
            InvalidSearch(format!(
                "Invalid comparator for numeric attribute: {comparator}"
            ))
        })?,
    };
    match value.text.parse() {
        Ok(number) => Ok(Test::Integer(relation, number)),
        Err(_) if target != Target::Experiments => Ok(Test::Number(relation, real(value)?)),
        Err(_) => refuse(format!(
            "Invalid value for numeric attribute '{key}': '{}'",
            value.text
        )),
    }
}

fn experiment_ids(comparator: &str, value: &Token<'_>) -> Result<Test, InvalidSearch> {
    let number = |text: &str| {
        text.trim().parse::<i64>().map_err(|_| {
            InvalidSearch(format!(
                "Invalid experiment ID '{text}'. Experiment ID must be a valid integer."
            ))
        })
    };
    if value.kind == Kind::Brackets {
        let texts = list(value)?;
        return Ok(Test::InIntegers {
            is_negated: comparator == "NOT IN",
            numbers: texts
                .iter()
                .map(|text| number(text))
                .collect::<Result<_, _>>()?,
        });
    }
    let text = text(value, OF_ATTRIBUTE)?;
    match Relation::from_word(comparator) {
        Some(relation @ (Relation::Equal | Relation::NotEqual)) => {
            Ok(Test::Integer(relation, number(text)?))
        }
        _ => refuse(format!(
            "Invalid comparator for experiment_id: {comparator}"
        )),
    }
}

fn textual(comparator: &str, text: &str, known: &str, quote: &str) -> Result<Test, InvalidSearch> {
    let text = text.to_owned();
    Ok(match comparator {
        "=" | "!=" => Test::Text {
            is_negated: comparator == "!=",
            text,
        },
        "LIKE" | "ILIKE" => Test::Like {
            ignores_case: comparator == "ILIKE",
            pattern: text,
        },
        other => {
            return refuse(format!(
                "Invalid comparator '{other}' not one of {known}{quote}"
            ));
        }
    })
}

fn relation(comparator: &str, known: &str) -> Result<Relation, InvalidSearch> {
    Relation::from_word(comparator).ok_or_else(|| {
        InvalidSearch(format!(
            "Invalid comparator '{comparator}' not one of {known}"
        ))
    })
}

fn listed(comparator: &str, value: &Token<'_>) -> Result<Test, InvalidSearch> {
    Ok(Test::In {
        is_negated: comparator == "NOT IN",
        texts: list(value)?,
    })
}

const OF_ATTRIBUTE: &str = "Expected a quoted string value for attributes. Got value";
const OF_TEXTS: &str = "'{'!=', '=', 'ILIKE', 'IS NOT NULL', 'IS NULL', 'LIKE'}";
const OF_ATTRIBUTES: &str = "'{'!=', '=', 'ILIKE', 'IN', 'LIKE', 'NOT IN'}";
