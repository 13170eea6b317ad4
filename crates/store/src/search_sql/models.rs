//! Search of registered models and of their versions.

use std::fmt::Write as _;

use hokusai_core::model::{IS_PROMPT_TAG, ModelVersion, RegisteredModel};
use hokusai_core::search::{Attribute, Clause, Field, Order, Query};

use super::{Built, Page, direction};
use crate::statement::{Schema, Statement};
use crate::{Row, StoreError, Tx};

/// Models that match, in order; by name where the order leaves it open.
pub fn models(
    tx: &mut dyn Tx,
    query: &Query,
    page: Page,
) -> Result<Vec<RegisteredModel>, StoreError> {
    let rows = run(tx, &MODELS, query, page)?;
    crate::models::complete(tx, &rows)
}

/// Versions that match, in order, without aliases; the last updated first when there is no order, then by name and number.
pub fn versions(
    tx: &mut dyn Tx,
    query: &Query,
    page: Page,
) -> Result<Vec<ModelVersion>, StoreError> {
    let rows = run(tx, &VERSIONS, query, page)?;
    crate::model_versions::complete(tx, &rows)
}

/// The words in which the two searches differ.
struct Words {
    name: &'static str,
    /// Everything before the conditions.
    head: &'static str,
    created: &'static str,
    updated: &'static str,
    /// Where the tags are, up to the comparison of the key.
    tags: &'static str,
    /// Where the tags that make a prompt are.
    prompts: &'static str,
    /// What makes an order unambiguous.
    last: &'static [(Attribute, bool)],
    /// What it begins with when none is asked for.
    default: Option<(Attribute, bool)>,
}

const MODELS: Words = Words {
    name: "SEARCH_MODELS",
    head: "SELECT m.id, m.name, m.created_at_ms, m.updated_at_ms, m.description FROM registered_models m WHERE TRUE",
    created: "m.created_at_ms",
    updated: "m.updated_at_ms",
    tags: "registered_model_tags t WHERE t.model_id = m.id",
    prompts: "registered_model_tags t WHERE t.model_id = m.id",
    last: &[(Attribute::Name, true)],
    default: None,
};

const VERSIONS: Words = Words {
    name: "SEARCH_VERSIONS",
    head: "SELECT m.name, v.version, v.created_at_ms, v.updated_at_ms, v.description, v.user_id, v.stage, \
        v.source, v.download_uri, v.run_id, v.run_link, v.logged_model_id, v.model_id FROM model_versions v \
        JOIN registered_models m ON m.id = v.model_id WHERE TRUE",
    created: "v.created_at_ms",
    updated: "v.updated_at_ms",
    tags: "model_version_tags t WHERE t.model_id = v.model_id AND t.version = v.version",
    prompts: "model_version_tags t WHERE t.model_id = v.model_id",
    last: &[(Attribute::Name, true), (Attribute::VersionNumber, false)],
    default: Some((Attribute::LastUpdateTime, false)),
};

fn run(tx: &mut dyn Tx, words: &Words, query: &Query, page: Page) -> Result<Vec<Row>, StoreError> {
    let mut built = Built {
        sql: words.head.to_owned(),
        params: Vec::new(),
    };
    let wants_prompts = query.wants_prompts();
    for clause in &query.clauses {
        // Without a wish for prompts, a filter on the tag that makes them is the rule below.
        if wants_prompts || clause.field != Field::Tag(IS_PROMPT_TAG.to_owned()) {
            let condition = condition(&mut built, words, clause);
            let _ = write!(built.sql, " AND {condition}");
        }
    }
    if !wants_prompts {
        let (key, value) = (built.bind(IS_PROMPT_TAG), built.bind("true"));
        let _ = write!(
            built.sql,
            " AND NOT EXISTS (SELECT 1 FROM {} AND t.key = {key} AND t.value = {value})",
            words.prompts
        );
    }
    order(&mut built, words, &query.order);
    built.page(page);
    let statement = Statement::built(Schema::Registry, words.name, built.sql);
    tx.query(&statement, &built.params)
}

fn condition(built: &mut Built, words: &Words, clause: &Clause) -> String {
    match &clause.field {
        Field::Attribute(attribute) => built.test(column(*attribute, words), &clause.test),
        Field::Tag(key) => {
            let key = built.bind(key);
            let test = built.test("t.value", &clause.test);
            format!(
                "EXISTS (SELECT 1 FROM {} AND t.key = {key} AND {test})",
                words.tags
            )
        }
        // The grammar of models has no other fields.
        Field::Metric(_) | Field::Param(_) | Field::Dataset(_) => "FALSE".to_owned(),
    }
}

fn order(built: &mut Built, words: &Words, order: &[Order]) {
    let mut parts: Vec<(Attribute, bool)> = order
        .iter()
        .filter_map(|part| match part.field {
            Field::Attribute(attribute) => Some((attribute, part.is_ascending)),
            _ => None,
        })
        .collect();
    if parts.is_empty() {
        parts.extend(words.default);
    }
    for last in words.last {
        if parts.iter().all(|part| part.0 != last.0) {
            parts.push(*last);
        }
    }
    for (index, (attribute, is_ascending)) in parts.into_iter().enumerate() {
        let lead = if index == 0 { " ORDER BY " } else { ", " };
        let _ = write!(
            built.sql,
            "{lead}{} {}",
            column(attribute, words),
            direction(is_ascending)
        );
    }
}

fn column(attribute: Attribute, words: &Words) -> &'static str {
    match attribute {
        Attribute::VersionNumber => "v.version",
        Attribute::RunId => "v.run_id",
        Attribute::SourcePath => "v.source",
        Attribute::CreationTime => words.created,
        Attribute::LastUpdateTime => words.updated,
        // The grammar of models has no attributes but these and the name.
        _ => "m.name",
    }
}
