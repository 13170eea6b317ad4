//! SQL text: written once with `$1` placeholders, listed so that a test can prepare every statement on both databases.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::OnceLock;

/// One of the two databases; no statement joins them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Schema {
    /// API keys, audit, usage.
    Auth,
    /// Experiments, runs, models.
    Registry,
}

impl Schema {
    /// The name in file names (`auth.sqlite`) and in PostgreSQL schema names (`hokusai_auth`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Registry => "registry",
        }
    }
}

/// One SQL statement for both databases.
#[derive(Debug)]
pub struct Statement {
    name: &'static str,
    /// None: a table that both databases have.
    home: Option<Schema>,
    sql: Cow<'static, str>,
    sqlite: OnceLock<String>,
}

impl Statement {
    /// A constant statement; use [`statements!`](crate::statements).
    pub const fn new(schema: Schema, name: &'static str, sql: &'static str) -> Self {
        Self {
            name,
            home: Some(schema),
            sql: Cow::Borrowed(sql),
            sqlite: OnceLock::new(),
        }
    }

    /// A constant statement about a table that both databases have.
    pub const fn shared(name: &'static str, sql: &'static str) -> Self {
        Self {
            name,
            home: None,
            sql: Cow::Borrowed(sql),
            sqlite: OnceLock::new(),
        }
    }

    /// A statement built at run time from a parsed query, never from its text.
    pub const fn built(schema: Schema, name: &'static str, sql: String) -> Self {
        Self {
            name,
            home: Some(schema),
            sql: Cow::Owned(sql),
            sqlite: OnceLock::new(),
        }
    }

    /// The constant's name, for errors.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether `schema` has the tables that it names.
    pub fn is_of(&self, schema: Schema) -> bool {
        self.home.is_none_or(|home| home == schema)
    }

    /// The text for PostgreSQL.
    pub fn postgres(&self) -> &str {
        &self.sql
    }

    /// The text for SQLite: `$1` is a *named* parameter there, so it becomes `?1`; `= ANY($1)` reads an array through `rarray`.
    pub fn sqlite(&self) -> &str {
        self.sqlite.get_or_init(|| for_sqlite(&self.sql))
    }
}

/// PostgreSQL's name of a bulk column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// `BIGINT`.
    Int,
    /// `DOUBLE PRECISION`.
    Real,
    /// `TEXT`.
    Text,
    /// `BYTEA`.
    Bytes,
}

impl ColumnType {
    const fn postgres(self) -> &'static str {
        match self {
            Self::Int => "bigint",
            Self::Real => "double precision",
            Self::Text => "text",
            Self::Bytes => "bytea",
        }
    }
}

/// An insert of many rows.
#[derive(Debug)]
pub struct Bulk {
    name: &'static str,
    schema: Schema,
    head: &'static str,
    columns: &'static [ColumnType],
    tail: &'static str,
    sqlite: OnceLock<String>,
    postgres: OnceLock<String>,
}

impl Bulk {
    /// `head` is `INSERT INTO t (a, b)`, `tail` the conflict clause or nothing; use [`statements!`](crate::statements).
    pub const fn new(
        schema: Schema,
        name: &'static str,
        head: &'static str,
        columns: &'static [ColumnType],
        tail: &'static str,
    ) -> Self {
        Self {
            name,
            schema,
            head,
            columns,
            tail,
            sqlite: OnceLock::new(),
            postgres: OnceLock::new(),
        }
    }

    /// The constant's name, for errors.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The database that it belongs to.
    pub const fn schema(&self) -> Schema {
        self.schema
    }

    /// The columns' types, in order.
    pub const fn columns(&self) -> &'static [ColumnType] {
        self.columns
    }

    /// One row's insert, for SQLite.
    pub fn sqlite(&self) -> &str {
        self.sqlite.get_or_init(|| {
            let places: Vec<String> = (1..=self.columns.len()).map(|n| format!("?{n}")).collect();
            format!("{} VALUES ({}) {}", self.head, places.join(", "), self.tail)
        })
    }

    /// All rows' insert from one array per column, for PostgreSQL.
    pub fn postgres(&self) -> &str {
        self.postgres.get_or_init(|| {
            let arrays: Vec<String> = self
                .columns
                .iter()
                .enumerate()
                .map(|(index, column)| format!("${}::{}[]", index + 1, column.postgres()))
                .collect();
            format!(
                "{} SELECT * FROM unnest({}) {}",
                self.head,
                arrays.join(", "),
                self.tail
            )
        })
    }
}

/// An entry of a module's list of statements.
#[derive(Clone, Copy, Debug)]
pub enum Listed {
    /// A statement.
    One(&'static Statement),
    /// A bulk insert.
    Many(&'static Bulk),
}

/// Declares a module's statements and its list `ALL`. They are of `Auth` or of `Registry`, or of `Both` if each has the table.
///
/// ```text
/// statements! {
///     Registry;
///     /// One run by id.
///     GET_RUN = "SELECT run_id, status FROM runs WHERE run_id = $1";
///     /// Points of metrics; a duplicate is stored once.
///     INSERT_POINTS = "INSERT INTO points (series_id, step, value)" [Int, Int, Real] "ON CONFLICT DO NOTHING";
/// }
/// ```
#[macro_export]
macro_rules! statements {
    ($schema:ident; $($(#[$doc:meta])* $name:ident = $sql:literal $([$($column:ident),+ $(,)?] $tail:literal)?;)+) => {
        $($crate::statements!(@one $schema, $(#[$doc])* $name, $sql $(, [$($column),+], $tail)?);)+
        /// Every statement of this module, for the test that prepares them all.
        pub(crate) const ALL: &[$crate::statement::Listed] = &[$($crate::statements!(@listed $name $(, $tail)?)),+];
    };
    (@one Both, $(#[$doc:meta])* $name:ident, $sql:literal) => {
        $(#[$doc])*
        static $name: $crate::statement::Statement = $crate::statement::Statement::shared(stringify!($name), $sql);
    };
    (@one $schema:ident, $(#[$doc:meta])* $name:ident, $sql:literal) => {
        $(#[$doc])*
        static $name: $crate::statement::Statement =
            $crate::statement::Statement::new($crate::statement::Schema::$schema, stringify!($name), $sql);
    };
    (@one $schema:ident, $(#[$doc:meta])* $name:ident, $sql:literal, [$($column:ident),+], $tail:literal) => {
        $(#[$doc])*
        static $name: $crate::statement::Bulk = $crate::statement::Bulk::new(
            $crate::statement::Schema::$schema,
            stringify!($name),
            $sql,
            &[$($crate::statement::ColumnType::$column),+],
            $tail,
        );
    };
    (@listed $name:ident) => { $crate::statement::Listed::One(&$name) };
    (@listed $name:ident, $tail:literal) => { $crate::statement::Listed::Many(&$name) };
}

/// Every constant statement, module by module.
pub fn every() -> Vec<Listed> {
    let modules: &[&[Listed]] = &[
        crate::artifact_changes::ALL,
        crate::artifact_digests::ALL,
        crate::audit::ALL,
        crate::audit::head::auth::ALL,
        crate::audit::head::registry::ALL,
        crate::audit::seal::ALL,
        crate::experiments::ALL,
        crate::keys::ALL,
        crate::metrics::ALL,
        crate::logged_model_metrics::ALL,
        crate::logged_models::ALL,
        crate::model_aliases::ALL,
        crate::model_versions::ALL,
        crate::models::ALL,
        crate::run_inputs::ALL,
        crate::runs::ALL,
        crate::usage::ALL,
    ];
    modules.concat()
}

fn for_sqlite(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len() + 16);
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once('$') {
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = after.split_at_checked(digits).unwrap_or((after, ""));
        if let (Some(head), Some(tail)) = (before.strip_suffix("= ANY("), tail.strip_prefix(')')) {
            let _ = write!(text, "{head}IN (SELECT value FROM rarray(?{number}))");
            rest = tail;
        } else {
            let _ = write!(text, "{before}?{number}");
            rest = tail;
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_positional_in_sqlite() {
        assert_eq!(
            for_sqlite("SELECT $2, $1 FROM t WHERE a = $12"),
            "SELECT ?2, ?1 FROM t WHERE a = ?12"
        );
    }

    #[test]
    fn a_list_parameter_is_read_through_rarray() {
        assert_eq!(
            for_sqlite("SELECT 1 WHERE a = ANY($1) AND b = $2"),
            "SELECT 1 WHERE a IN (SELECT value FROM rarray(?1)) AND b = ?2"
        );
    }

    #[test]
    fn a_bulk_insert_has_a_text_for_each_database() {
        let bulk = Bulk::new(
            Schema::Registry,
            "B",
            "INSERT INTO t (a, b)",
            &[ColumnType::Int, ColumnType::Text],
            "ON CONFLICT DO NOTHING",
        );
        assert_eq!(
            bulk.sqlite(),
            "INSERT INTO t (a, b) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
        );
        assert_eq!(
            bulk.postgres(),
            "INSERT INTO t (a, b) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING"
        );
    }
}
