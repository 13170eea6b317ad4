//! Search of registered models, of versions and of logged models: SQL built from the parsed query, never from its text.

use std::fmt::Write as _;

use hokusai_core::logged_model::LoggedModel;
use hokusai_core::model::search::{Attribute, Clause, Comparator, Field, Order, Query, Value};
use hokusai_core::model::{IS_PROMPT_TAG, ModelVersion, RegisteredModel};

use crate::statement::{Schema, Statement};
use crate::{Param, StoreError, Tx, logged_models, model_versions, models, params};

/// Models that match, in order; `offset` and `limit` cut the page.
pub fn models(
    tx: &mut dyn Tx,
    query: &Query,
    offset: i64,
    limit: i64,
) -> Result<Vec<RegisteredModel>, StoreError> {
    const HEAD: &str = "SELECT m.id, m.name, m.created_at_ms, m.updated_at_ms, m.description FROM registered_models m \
        WHERE TRUE";
    let rows = run(tx, HEAD, &MODELS, &[], query, offset, limit)?;
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
    let rows = run(tx, HEAD, &VERSIONS, &[], query, offset, limit)?;
    model_versions::complete(tx, &rows)
}

/// Logged models of some experiments that match, in order; `offset` and `limit` cut the page.
pub fn logged_models(
    tx: &mut dyn Tx,
    experiment_ids: &[i64],
    query: &Query,
    offset: i64,
    limit: i64,
) -> Result<Vec<LoggedModel>, StoreError> {
    const HEAD: &str = "SELECT m.model_id, m.experiment_id, m.name, m.artifact_uri, m.created_at_ms, m.updated_at_ms, \
        m.model_type, m.source_run_id, m.status, m.status_message FROM logged_models m \
        WHERE m.is_deleted = 0 AND m.experiment_id = ANY($1)";
    let first = params![experiment_ids.to_vec()];
    let rows = run(tx, HEAD, &LOGGED, &first, query, offset, limit)?;
    logged_models::complete(tx, &rows)
}

/// The words in which the searches differ.
struct Words {
    name: &'static str,
    created: &'static str,
    updated: &'static str,
    /// Where the tags are, up to the comparison of the key.
    tags: &'static str,
    /// The same for params; only logged models have them.
    params: &'static str,
    /// Where the tags that make a prompt are.
    prompts: &'static str,
}

const MODELS: Words = Words {
    name: "SEARCH_MODELS",
    created: "m.created_at_ms",
    updated: "m.updated_at_ms",
    tags: "registered_model_tags t WHERE t.model_id = m.id",
    params: "",
    prompts: "registered_model_tags t WHERE t.model_id = m.id",
};

const VERSIONS: Words = Words {
    name: "SEARCH_VERSIONS",
    created: "v.created_at_ms",
    updated: "v.updated_at_ms",
    tags: "model_version_tags t WHERE t.model_id = v.model_id AND t.version = v.version",
    params: "",
    prompts: "model_version_tags t WHERE t.model_id = v.model_id",
};

const LOGGED: Words = Words {
    name: "SEARCH_LOGGED_MODELS",
    created: "m.created_at_ms",
    updated: "m.updated_at_ms",
    tags: "logged_model_tags t WHERE t.model_id = m.model_id",
    params: "logged_model_params t WHERE t.model_id = m.model_id",
    prompts: "logged_model_tags t WHERE t.model_id = m.model_id",
};

fn run(
    tx: &mut dyn Tx,
    head: &str,
    words: &Words,
    first: &[Param],
    query: &Query,
    offset: i64,
    limit: i64,
) -> Result<Vec<crate::Row>, StoreError> {
    let mut built = Built {
        sql: head.to_owned(),
        params: first.to_vec(),
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
            Field::Param(key) | Field::Tag(key) => {
                let table = if matches!(clause.field, Field::Param(_)) {
                    words.params
                } else {
                    words.tags
                };
                let key = self.bind(key);
                let comparison = self.comparison("t.value", clause);
                let _ = write!(
                    self.sql,
                    " AND EXISTS (SELECT 1 FROM {table} AND t.key = {key} AND {comparison})"
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
        Attribute::ModelId => "m.model_id",
        Attribute::ModelType => "m.model_type",
        Attribute::SourceRunId => "m.source_run_id",
        Attribute::CreationTimestamp => words.created,
        Attribute::LastUpdatedTimestamp => words.updated,
    }
}
