//! Search of registered models and of versions: SQL built from the parsed query, never from its text.

use std::fmt::Write as _;

use hokusai_core::model::search::{Attribute, Clause, Comparator, Field, Order, Query, Value};
use hokusai_core::model::{IS_PROMPT_TAG, ModelVersion, RegisteredModel};

use crate::statement::{Schema, Statement};
use crate::{Param, StoreError, Tx, model_versions, models};

/// Models that match, in order; `offset` and `limit` cut the page.
pub fn models(
    tx: &mut dyn Tx,
    query: &Query,
    offset: i64,
    limit: i64,
) -> Result<Vec<RegisteredModel>, StoreError> {
    const HEAD: &str = "SELECT m.id, m.name, m.created_at_ms, m.updated_at_ms, m.description FROM registered_models m \
        WHERE TRUE";
    let rows = run(tx, HEAD, &MODELS, query, offset, limit)?;
    models::complete(tx, &rows)
}

/// Versions that match, in order, without aliases; `offset` and `limit` cut the page.
pub fn versions(
    tx: &mut dyn Tx,
    query: &Query,
    offset: i64,
    limit: i64,
) -> Result<Vec<ModelVersion>, StoreError> {
    const HEAD: &str = "SELECT m.name, v.version, v.created_at_ms, v.updated_at_ms, v.description, v.user_id, v.stage, \
        v.source, v.download_uri, v.run_id, v.run_link, v.logged_model_id, v.model_id FROM model_versions v \
        JOIN registered_models m ON m.id = v.model_id WHERE TRUE";
    let rows = run(tx, HEAD, &VERSIONS, query, offset, limit)?;
    model_versions::complete(tx, &rows)
}

/// The words in which the two searches differ.
struct Words {
    name: &'static str,
    created: &'static str,
    updated: &'static str,
    /// Where the tags are, up to the comparison of the key.
    tags: &'static str,
    /// Where the tags that make a prompt are.
    prompts: &'static str,
}

const MODELS: Words = Words {
    name: "SEARCH_MODELS",
    created: "m.created_at_ms",
    updated: "m.updated_at_ms",
    tags: "registered_model_tags t WHERE t.model_id = m.id",
    prompts: "registered_model_tags t WHERE t.model_id = m.id",
};

const VERSIONS: Words = Words {
    name: "SEARCH_VERSIONS",
    created: "v.created_at_ms",
    updated: "v.updated_at_ms",
    tags: "model_version_tags t WHERE t.model_id = v.model_id AND t.version = v.version",
    prompts: "model_version_tags t WHERE t.model_id = v.model_id",
};

fn run(
    tx: &mut dyn Tx,
    head: &str,
    words: &Words,
    query: &Query,
    offset: i64,
    limit: i64,
) -> Result<Vec<crate::Row>, StoreError> {
    let mut built = Built {
        sql: head.to_owned(),
        params: Vec::new(),
    };
    let wants_prompts = query.wants_prompts();
    for clause in &query.clauses {
        // Without a wish for prompts, a filter on the tag that makes them is the rule below.
        if wants_prompts || clause.field != Field::Tag(IS_PROMPT_TAG.to_owned()) {
            built.clause(words, clause);
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
    built.order(words, &query.order);
    let (limit, offset) = (built.bind(limit), built.bind(offset));
    let _ = write!(built.sql, " LIMIT {limit} OFFSET {offset}");
    tx.query(
        &Statement::built(Schema::Registry, words.name, built.sql),
        &built.params,
    )
}

struct Built {
    sql: String,
    params: Vec<Param>,
}

impl Built {
    fn bind(&mut self, value: impl Into<Param>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    fn clause(&mut self, words: &Words, clause: &Clause) {
        match &clause.field {
            Field::Attribute(attribute) => {
                let comparison = self.comparison(column(*attribute, words), clause);
                let _ = write!(self.sql, " AND {comparison}");
            }
            Field::Tag(key) => {
                let key = self.bind(key);
                let comparison = self.comparison("t.value", clause);
                let _ = write!(
                    self.sql,
                    " AND EXISTS (SELECT 1 FROM {} AND t.key = {key} AND {comparison})",
                    words.tags
                );
            }
        }
    }

    fn comparison(&mut self, column: &str, clause: &Clause) -> String {
        let value = match &clause.value {
            Value::Text(text) => self.bind(text),
            Value::Number(number) => self.bind(*number),
            Value::List(texts) => self.bind(texts.clone()),
        };
        match clause.comparator {
            Comparator::Like => format!("{column} LIKE {value} ESCAPE '\\'"),
            // Neither database has the other's ILIKE, so both sides are lowered.
            Comparator::Ilike => format!("LOWER({column}) LIKE LOWER({value}) ESCAPE '\\'"),
            Comparator::In => format!("{column} = ANY({value})"),
            Comparator::NotIn => format!("NOT ({column} = ANY({value}))"),
            plain => format!("{column} {} {value}", plain.as_sql()),
        }
    }

    fn order(&mut self, words: &Words, order: &[Order]) {
        for (index, by) in order.iter().enumerate() {
            let lead = if index == 0 { " ORDER BY " } else { ", " };
            let direction = if by.is_ascending { "ASC" } else { "DESC" };
            let _ = write!(
                self.sql,
                "{lead}{} {direction}",
                column(by.attribute, words)
            );
        }
    }
}

fn column(attribute: Attribute, words: &Words) -> &'static str {
    match attribute {
        Attribute::Name => "m.name",
        Attribute::VersionNumber => "v.version",
        Attribute::RunId => "v.run_id",
        Attribute::SourcePath => "v.source",
        Attribute::CreationTimestamp => words.created,
        Attribute::LastUpdatedTimestamp => words.updated,
    }
}
