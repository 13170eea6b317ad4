//! Searches: SQL built from the parsed query, never from its text.

mod driver;
mod experiments;
mod logged_models;
mod models;
mod runs;

use std::fmt::Write as _;

use hokusai_core::experiment::Lifecycle;
use hokusai_core::search::{Relation, Test};

pub use experiments::experiments;
pub use logged_models::logged_models;
pub use models::{models, versions};
pub use runs::runs;

use crate::Param;

/// Where a page begins and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many matches come before it.
    pub offset: i64,
    /// How many are wanted at most.
    pub limit: i64,
}

/// Which lifecycles are searched; `None` is both.
pub type View = Option<Lifecycle>;

/// A statement's text and its parameters, growing together.
#[derive(Default)]
struct Built {
    sql: String,
    params: Vec<Param>,
}

impl Built {
    fn bind(&mut self, value: impl Into<Param>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    /// Limits to some experiments; one is compared directly, so that its index gives the order too.
    fn among(&mut self, column: &str, ids: &[i64]) -> String {
        match ids {
            [one] => format!("{column} = {}", self.bind(*one)),
            many => format!("{column} = ANY({})", self.bind(many.to_vec())),
        }
    }

    fn view(&mut self, column: &str, view: View) {
        if let Some(lifecycle) = view {
            let lifecycle = self.bind(lifecycle.as_str());
            let _ = write!(self.sql, " AND {column} = {lifecycle}");
        }
    }

    fn page(&mut self, page: Page) {
        let (limit, offset) = (self.bind(page.limit), self.bind(page.offset));
        let _ = write!(self.sql, " LIMIT {limit} OFFSET {offset}");
    }

    /// The condition on a column that a test means.
    fn test(&mut self, column: &str, test: &Test) -> String {
        match test {
            Test::Number(relation, number) => {
                let number = self.bind(*number);
                format!(
                    "{column} {} CAST({number} AS DOUBLE PRECISION)",
                    relation.as_sql()
                )
            }
            Test::Integer(relation, number) => {
                format!("{column} {} {}", relation.as_sql(), self.bind(*number))
            }
            Test::Text { is_negated, text } => {
                let relation = if *is_negated {
                    Relation::NotEqual
                } else {
                    Relation::Equal
                };
                format!("{column} {} {}", relation.as_sql(), self.bind(text))
            }
            Test::Like {
                ignores_case,
                pattern,
            } => {
                // The real server's patterns have no escapes.
                let pattern = pattern.replace('\\', "\\\\");
                self.like(column, &pattern, *ignores_case)
            }
            Test::In { is_negated, texts } => {
                let texts = self.bind(texts.clone());
                format!("{}({column} = ANY({texts}))", not(*is_negated))
            }
            Test::InIntegers {
                is_negated,
                numbers,
            } => {
                let numbers = self.bind(numbers.clone());
                format!("{}({column} = ANY({numbers}))", not(*is_negated))
            }
            Test::IsNull => format!("{column} IS NULL"),
            Test::IsNotNull => format!("{column} IS NOT NULL"),
        }
    }

    /// `pattern` is escaped with backslashes. Neither database has the other's ILIKE, so both sides are lowered.
    fn like(&mut self, column: &str, pattern: &str, ignores_case: bool) -> String {
        let pattern = self.bind(pattern);
        if ignores_case {
            format!("LOWER({column}) LIKE LOWER({pattern}) ESCAPE '\\'")
        } else {
            format!("{column} LIKE {pattern} ESCAPE '\\'")
        }
    }
}

const fn not(is_negated: bool) -> &'static str {
    if is_negated { "NOT " } else { "" }
}

const fn direction(is_ascending: bool) -> &'static str {
    if is_ascending { "ASC" } else { "DESC" }
}
