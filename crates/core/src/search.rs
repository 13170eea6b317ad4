//! Searches: MLflow's filters and orders, read into types, with MLflow's messages.
//!
//! A filter is a list of comparisons joined by AND: `metrics.loss < 0.2 AND params."opt name" = 'Adam'`. The words are found by
//! `token`, the comparisons by `phrase`; which fields there are is decided by `field`, what a comparison with one means by
//! `clause`, and what follows what by `order`. To add something that can be searched for: a [`Target`], its fields, its tests.

mod clause;
mod field;
mod order;
mod phrase;
mod token;
mod value;

use crate::logged_model::Dataset;
use crate::model::IS_PROMPT_TAG;
use crate::text_limit;

/// What is searched for; it decides which fields there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Runs.
    Runs,
    /// Experiments.
    Experiments,
    /// Registered models.
    Models,
    /// Versions of registered models.
    Versions,
    /// Logged models.
    LoggedModels,
}

/// A parsed search.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// All must hold.
    pub clauses: Vec<Clause>,
    /// As asked for; what makes it unambiguous is added by whoever runs it.
    pub order: Vec<Order>,
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// What is tested.
    pub field: Field,
    /// How.
    pub test: Test,
}

/// What can be tested or ordered by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The latest value of the metric with this key.
    Metric(String),
    /// The param with this key.
    Param(String),
    /// The tag with this key.
    Tag(String),
    /// A column.
    Attribute(Attribute),
    /// Something of a dataset that a run read.
    Dataset(DatasetField),
}

/// Columns, whatever is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are MLflow's")]
pub enum Attribute {
    RunId,
    RunName,
    UserId,
    Status,
    StartTime,
    EndTime,
    ArtifactUri,
    ExperimentId,
    CreationTime,
    LastUpdateTime,
    /// Of an experiment, a registered model or a logged model.
    Name,
    VersionNumber,
    SourcePath,
    ModelId,
    ModelType,
    SourceRunId,
    StatusMessage,
}

/// What can be tested of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are MLflow's")]
pub enum DatasetField {
    Name,
    Digest,
    /// The input's tag `mlflow.data.context`.
    Context,
}

/// How a field is tested. A field that is not there passes only [`Test::IsNull`].
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// A comparison with a number.
    Number(Relation, f64),
    /// A comparison with a whole number.
    Integer(Relation, i64),
    /// Equal to a text, or not.
    Text {
        /// Whether equality fails the test.
        is_negated: bool,
        /// The text.
        text: String,
    },
    /// Like a pattern with `%` and `_`.
    Like {
        /// Whether the case of ASCII letters counts.
        ignores_case: bool,
        /// The pattern.
        pattern: String,
    },
    /// One of several texts.
    In {
        /// Whether being among them fails the test.
        is_negated: bool,
        /// The texts.
        texts: Vec<String>,
    },
    /// One of several whole numbers.
    InIntegers {
        /// Whether being among them fails the test.
        is_negated: bool,
        /// The numbers.
        numbers: Vec<i64>,
    },
    /// Not there.
    IsNull,
    /// There.
    IsNotNull,
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are SQL's")]
pub enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    /// The operator in SQL.
    pub const fn as_sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }
}

/// One part of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub field: Field,
    /// Small first; what is not there comes last either way.
    pub is_ascending: bool,
    /// Only values that were measured on this dataset count; for the metrics of logged models.
    pub dataset: Option<Dataset>,
}

/// A search that can't be read; the text is MLflow's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSearch(String);

impl Query {
    /// Reads a filter and an order; both may be empty.
    pub fn parse(target: Target, filter: &str, order_by: &[String]) -> Result<Self, InvalidSearch> {
        text_limit::FILTER
            .check("filter", filter)
            .map_err(|error| InvalidSearch(error.to_string()))?;
        let phrases = phrase::phrases(target, filter)?;
        at_most("filter", "conditions", phrases.len(), MOST_CLAUSES)?;
        at_most("order_by", "parts", order_by.len(), MOST_ORDERS)?;
        let clauses = phrases
            .into_iter()
            .map(|phrase| clause::read(target, &phrase))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            clauses,
            order: order::read(target, order_by)?,
        })
    }

    /// Reads a filter of logged models; their order comes as fields, not as text.
    pub fn of_logged_models(
        filter: &str,
        order_by: &[LoggedModelOrder],
    ) -> Result<Self, InvalidSearch> {
        at_most("order_by", "parts", order_by.len(), MOST_ORDERS)?;
        let order = order_by
            .iter()
            .map(order::of_logged_models)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            order,
            ..Self::parse(Target::LoggedModels, filter, &[])?
        })
    }

    /// Whether prompts are asked for; they are hidden otherwise.
    pub fn wants_prompts(&self) -> bool {
        let mut on_prompts = self
            .clauses
            .iter()
            .filter(|clause| clause.field == Field::Tag(IS_PROMPT_TAG.to_owned()));
        on_prompts.next().is_some_and(|clause| match &clause.test {
            Test::Text { is_negated, text } => {
                let wanted = if *is_negated { "false" } else { "true" };
                text.eq_ignore_ascii_case(wanted)
            }
            _ => false,
        })
    }
}

/// One part of an order of logged models, as clients send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedModelOrder {
    /// A column, or `metrics.` and a key.
    pub field_name: String,
    /// Small first.
    pub is_ascending: bool,
    /// On which dataset the metric was measured.
    pub dataset: Option<Dataset>,
}

fn at_most(parameter: &str, what: &str, found: usize, most: usize) -> Result<(), InvalidSearch> {
    if found > most {
        return refuse(format!(
            "'{parameter}' can have at most {most} {what}, not {found}: search for less at a time"
        ));
    }
    Ok(())
}

/// Each condition is a subquery, and SQLite's statements are at most a thousand expressions deep.
pub const MOST_CLAUSES: usize = 100;

/// Each part of an order by a metric, param or tag is a join, of which SQLite takes 64.
pub const MOST_ORDERS: usize = 32;

fn refuse<T>(message: impl Into<String>) -> Result<T, InvalidSearch> {
    Err(InvalidSearch(message.into()))
}

#[cfg(test)]
mod tests;
