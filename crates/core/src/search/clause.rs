//! What a comparison means for runs or for experiments.

use super::phrase::Phrase;
use super::token::{Kind, Token};
use super::{
    Attribute, Clause, DatasetField, Field, InvalidSearch, Relation, Target, Test, refuse,
};

/// Gives a comparison its meaning.
pub(super) fn read(target: Target, phrase: &Phrase<'_>) -> Result<Clause, InvalidSearch> {
    let field = field(target, phrase.field, attribute(target))?;
    let comparator = phrase.comparator.as_str();
    let test = match (&field, &phrase.value) {
        (_, None) => presence(target, &field, comparator, phrase.field)?,
        (Field::Metric(_), Some(value)) => {
            if !is_number(value) {
                return refuse(format!(
                    "Expected numeric value type for metric. Found {}",
                    value.text
                ));
            }
            let relation = relation(comparator, "'{'!=', '<', '<=', '=', '>', '>='}")?;
            Test::Number(relation, real(value)?)
        }
        (Field::Param(_), Some(value)) => {
            let text = quoted_for("parameter", value)?;
            textual(comparator, text, OF_TEXTS, "'")?
        }
        (Field::Tag(_), Some(value)) => {
            let text = quoted_for("tag", value)?;
            textual(comparator, text, OF_TEXTS, "")?
        }
        (Field::Dataset(_), Some(value)) if value.kind == Kind::Brackets => {
            listed(comparator, value)?
        }
        (Field::Dataset(_), Some(value)) => {
            let expected = "Expected a quoted string value for dataset attributes. Got value";
            textual(comparator, text(value, expected)?, OF_ATTRIBUTES, "")?
        }
        (Field::Attribute(Attribute::ExperimentId), Some(value)) => {
            experiment_ids(comparator, value)?
        }
        (Field::Attribute(attribute), Some(value)) if is_numeric(*attribute) => {
            numeric(target, phrase.field, comparator, value)?
        }
        (Field::Attribute(attribute), Some(value)) => match value.kind {
            Kind::Brackets if *attribute == Attribute::RunId => listed(comparator, value)?,
            Kind::Brackets => {
                return refuse(format!(
                    "Only [{}] attributes support comparison with a list of quoted string values.",
                    match target {
                        Target::Runs => "'run_id'",
                        Target::Experiments => "'experiment_id'",
                    }
                ));
            }
            _ => textual(comparator, text(value, OF_ATTRIBUTE)?, OF_ATTRIBUTES, "'")?,
        },
    };
    Ok(Clause { field, test })
}

/// Reads `entity.key`, or a bare attribute; `known` decides which attributes there are.
pub(super) fn field(
    target: Target,
    raw: &str,
    known: (fn(&str) -> Option<Attribute>, &str),
) -> Result<Field, InvalidSearch> {
    let (entity, key) = raw.split_once('.').unwrap_or(("attribute", raw));
    let key = bare(key);
    let field = match (target, entity.trim_matches('`')) {
        (_, "tag" | "tags") => Field::Tag(key.to_owned()),
        (_, "attribute") | (Target::Runs, "attributes" | "attr" | "run") => {
            let Some(attribute) = known.0(key) else {
                return refuse(format!(
                    "Invalid attribute key '{key}' specified. Valid keys are '{}'",
                    known.1
                ));
            };
            Field::Attribute(attribute)
        }
        (Target::Runs, "metric" | "metrics") => Field::Metric(key.to_owned()),
        (Target::Runs, "parameter" | "parameters" | "param" | "params") => {
            Field::Param(key.to_owned())
        }
        (Target::Runs, "dataset" | "datasets") => Field::Dataset(dataset(key)?),
        (Target::Runs, other) => {
            return refuse(format!(
                "Invalid entity type '{other}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']"
            ));
        }
        (Target::Experiments, other) => {
            return refuse(format!(
                "Invalid entity type '{other}'. Valid entity types are ('attribute', 'tag', 'tags')"
            ));
        }
    };
    Ok(field)
}

/// The attributes of a filter, and their names for the message.
fn attribute(target: Target) -> (fn(&str) -> Option<Attribute>, &'static str) {
    match target {
        Target::Runs => (
            |key| match key {
                "run name" | "Run name" | "Run Name" => Some(Attribute::RunName),
                other => run_attribute(other),
            },
            "{'Created', 'Run Name', 'Run name', 'artifact_uri', 'created', 'end_time', 'run name', 'run_id', \
             'run_name', 'start_time', 'status', 'user_id'}",
        ),
        Target::Experiments => (experiment_attribute, EXPERIMENT_KEYS),
    }
}

/// Attributes of runs, without the spellings that only filters know.
pub(super) fn run_attribute(key: &str) -> Option<Attribute> {
    Some(match key {
        "run_id" => Attribute::RunId,
        "run_name" => Attribute::RunName,
        "user_id" => Attribute::UserId,
        "status" => Attribute::Status,
        "start_time" | "created" | "Created" => Attribute::StartTime,
        "end_time" => Attribute::EndTime,
        "artifact_uri" => Attribute::ArtifactUri,
        _ => return None,
    })
}

/// Attributes of experiments.
pub(super) fn experiment_attribute(key: &str) -> Option<Attribute> {
    Some(match key {
        "name" => Attribute::ExperimentName,
        "experiment_id" => Attribute::ExperimentId,
        "creation_time" => Attribute::CreationTime,
        "last_update_time" => Attribute::LastUpdateTime,
        _ => return None,
    })
}

/// For messages.
pub(super) const EXPERIMENT_KEYS: &str =
    "{'creation_time', 'experiment_id', 'last_update_time', 'name'}";

fn dataset(key: &str) -> Result<DatasetField, InvalidSearch> {
    match key {
        "name" => Ok(DatasetField::Name),
        "digest" => Ok(DatasetField::Digest),
        "context" => Ok(DatasetField::Context),
        other => refuse(format!(
            "Invalid dataset key '{other}' specified. Valid keys are '{{'context', 'digest', 'name'}}'"
        )),
    }
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
    let is_allowed = matches!(field, Field::Tag(_)) || matches!(field, Field::Param(_));
    if is_allowed {
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
        Target::Experiments => Relation::from_word(comparator).ok_or_else(|| {
            InvalidSearch(format!(
                "Invalid comparator for numeric attribute: {comparator}"
            ))
        })?,
    };
    match value.text.parse() {
        Ok(number) => Ok(Test::Integer(relation, number)),
        Err(_) if target == Target::Runs => Ok(Test::Number(relation, real(value)?)),
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

/// The texts of `('a', "b")`.
fn list(value: &Token<'_>) -> Result<Vec<String>, InvalidSearch> {
    const ABOUT: &str = "While parsing a list in the query, expected";
    let inner = value.text.trim_start_matches('(').trim_end_matches(')');
    let words = super::token::tokens(inner);
    if words.is_empty() {
        return refuse(format!(
            "{ABOUT} a non-empty list of string values, but got empty list"
        ));
    }
    let mut texts = Vec::new();
    for (index, word) in words.iter().enumerate() {
        match (index % 2, word.kind) {
            (0, _) if is_text(word) => texts.push(unquoted(word.text).to_owned()),
            (0, Kind::Integer | Kind::Real) => {
                return refuse(format!(
                    "{ABOUT} string value, punctuation, or whitespace, but got different type in list: {}",
                    value.text
                ));
            }
            (1, _) if word.text == "," => {}
            _ => {
                return refuse(format!(
                    "{ABOUT} a non-empty list of string values, but got ill-formed list."
                ));
            }
        }
    }
    Ok(texts)
}

fn quoted_for<'f>(entity: &str, value: &Token<'f>) -> Result<&'f str, InvalidSearch> {
    text(
        value,
        &format!("Expected a quoted string value for {entity} (e.g. 'my-value'). Got value"),
    )
}

/// A text in quotes; other things are refused with `expected`, bare words with a hint at the quotes.
fn text<'f>(value: &Token<'f>, expected: &str) -> Result<&'f str, InvalidSearch> {
    if is_text(value) {
        Ok(unquoted(value.text))
    } else if value.kind == Kind::Name {
        refuse(format!(
            "Parameter value is either not quoted or unidentified quote types used for string value {}. Use either \
             single or double quotes.",
            value.text
        ))
    } else {
        refuse(format!("{expected} {}", value.text))
    }
}

fn is_text(value: &Token<'_>) -> bool {
    value.kind == Kind::Quoted
        || value.kind == Kind::Name
            && value.text.len() >= 2
            && value.text.starts_with('"')
            && value.text.ends_with('"')
}

fn is_number(value: &Token<'_>) -> bool {
    matches!(value.kind, Kind::Integer | Kind::Real)
}

fn real(value: &Token<'_>) -> Result<f64, InvalidSearch> {
    value
        .text
        .parse()
        .map_err(|_| InvalidSearch(format!("Invalid number {}", value.text)))
}

fn unquoted(text: &str) -> &str {
    ['\'', '"']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(text)
}

/// A key without its quotes and backticks.
fn bare(key: &str) -> &str {
    let key = unquoted(key);
    key.strip_prefix('`')
        .and_then(|key| key.strip_suffix('`'))
        .unwrap_or(key)
}

const OF_ATTRIBUTE: &str = "Expected a quoted string value for attributes. Got value";
const OF_TEXTS: &str = "'{'!=', '=', 'ILIKE', 'IS NOT NULL', 'IS NULL', 'LIKE'}";
const OF_ATTRIBUTES: &str = "'{'!=', '=', 'ILIKE', 'IN', 'LIKE', 'NOT IN'}";
