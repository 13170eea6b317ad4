//! What PostgreSQL's catalogue says of our schemas.

use postgres::{Client, Row};

use super::session::Session;
use super::tx::failure;
use crate::StoreError;

/// Whether migrations were ever applied in the schema.
pub(super) fn has_ledger(client: &mut Client, schema: &str) -> Result<bool, StoreError> {
    let rows = query(client, "HAS_LEDGER", HAS_LEDGER, schema)?;
    Ok(!rows.is_empty())
}

/// Whether the schema holds anything at all.
pub(super) fn is_empty(client: &mut Client, schema: &str) -> Result<bool, StoreError> {
    Ok(query(client, "RELATIONS", RELATIONS, schema)?.is_empty())
}

/// The last migration that was applied.
pub(super) fn version(client: &mut Client, schema: &str) -> Result<i64, StoreError> {
    let sql = format!("SELECT coalesce(max(version), 0) FROM \"{schema}\".schema_migrations");
    let row = client
        .query_one(sql.as_str(), &[])
        .map_err(|error| failure("VERSION", &error))?;
    row.try_get(0).map_err(|error| failure("VERSION", &error))
}

/// The tables that hold data, parents before those that refer to them.
pub(super) fn tables(client: &mut Client, schema: &str) -> Result<Vec<String>, StoreError> {
    let mut waiting: Vec<(String, Vec<String>)> = Vec::new();
    for row in query(client, "TABLES", TABLES, schema)? {
        waiting.push((text(&row, 0)?, list(&row, 1)?));
    }
    let mut ordered: Vec<String> = Vec::new();
    while !waiting.is_empty() {
        let (ready, rest): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|(_, parents)| parents.iter().all(|parent| ordered.contains(parent)));
        if ready.is_empty() {
            return Err(StoreError::Damaged {
                what: "schema",
                reason: format!("tables of `{schema}` refer to one another in a circle"),
            });
        }
        ordered.extend(ready.into_iter().map(|(table, _)| table));
        waiting = rest;
    }
    Ok(ordered)
}

/// Tables with a column that the database numbers, and that column.
pub(super) fn numbered(
    client: &mut Client,
    schema: &str,
) -> Result<Vec<(String, String)>, StoreError> {
    query(client, "NUMBERED", NUMBERED, schema)?
        .iter()
        .map(|row| Ok((text(row, 0)?, text(row, 1)?)))
        .collect()
}

/// Makes names mean those of the schema until the transaction ends.
pub(super) fn set_schema(session: &mut Session, schema: &str) -> Result<(), StoreError> {
    // Statements that were prepared for the other schema may have other columns.
    session.prepared.clear();
    super::run(
        &mut session.client,
        &format!("SET LOCAL search_path = \"{schema}\""),
    )
}

fn query(client: &mut Client, name: &str, sql: &str, schema: &str) -> Result<Vec<Row>, StoreError> {
    client
        .query(sql, &[&schema])
        .map_err(|error| failure(name, &error))
}

fn text(row: &Row, column: usize) -> Result<String, StoreError> {
    row.try_get(column)
        .map_err(|error| failure("catalogue", &error))
}

fn list(row: &Row, column: usize) -> Result<Vec<String>, StoreError> {
    row.try_get(column)
        .map_err(|error| failure("catalogue", &error))
}

const HAS_LEDGER: &str = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = 'schema_migrations'";

const RELATIONS: &str = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 LIMIT 1";

/// The ledger is written by the migrations themselves.
const TABLES: &str = "SELECT c.relname::text,
        coalesce(array_agg(DISTINCT p.relname::text) FILTER (WHERE p.oid <> c.oid), '{}')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f'
    LEFT JOIN pg_class p ON p.oid = f.confrelid
    WHERE n.nspname = $1 AND c.relkind = 'r' AND c.relname <> 'schema_migrations'
    GROUP BY c.relname ORDER BY c.relname";

const NUMBERED: &str = "SELECT c.relname::text, a.attname::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname = $1 AND c.relkind = 'r' AND a.attidentity <> ''";
