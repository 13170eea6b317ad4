//! What is wrong in a schema, as far as PostgreSQL lets a client see: broken indexes, and references to rows that are not there.
//!
//! Damaged pages it notices itself when it reads them, if the cluster was made with checksums.

use std::fmt::Write as _;

use postgres::{Client, Row};

use super::tx::failure;
use crate::StoreError;

/// The faults, in words.
pub(super) fn of(client: &mut Client, schema: &str) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for row in query(client, INVALID_INDEXES, &schema)? {
        let index: String = get(&row, 0)?;
        found.push(format!("the index `{index}` is not valid: REINDEX it"));
    }
    for row in query(client, REFERENCES, &schema)? {
        let (child, parent): (String, String) = (get(&row, 0)?, get(&row, 1)?);
        let (own, theirs): (Vec<String>, Vec<String>) = (get(&row, 2)?, get(&row, 3)?);
        let sql = orphans(schema, &child, &parent, &own, &theirs);
        let counted = client
            .query_one(sql.as_str(), &[])
            .map_err(|error| failure("ORPHANS", &error))?;
        let count: i64 = get(&counted, 0)?;
        if count > 0 {
            found.push(format!(
                "{count} rows of `{child}` refer to rows of `{parent}` that are not there"
            ));
        }
    }
    Ok(found)
}

/// Counts the rows of `child` whose columns `own` are set and match no row of `parent` by `theirs`.
fn orphans(schema: &str, child: &str, parent: &str, own: &[String], theirs: &[String]) -> String {
    let (mut set, mut same) = (String::new(), String::from("true"));
    for (own, theirs) in own.iter().zip(theirs) {
        let _ = write!(set, "c.\"{own}\" IS NOT NULL AND ");
        let _ = write!(same, " AND p.\"{theirs}\" = c.\"{own}\"");
    }
    format!(
        "SELECT count(*) FROM \"{schema}\".\"{child}\" c WHERE {set} NOT EXISTS \
         (SELECT 1 FROM \"{schema}\".\"{parent}\" p WHERE {same})"
    )
}

fn query(client: &mut Client, sql: &str, schema: &&str) -> Result<Vec<Row>, StoreError> {
    client
        .query(sql, &[schema])
        .map_err(|error| failure("catalogue", &error))
}

fn get<'r, T: postgres::types::FromSql<'r>>(row: &'r Row, column: usize) -> Result<T, StoreError> {
    row.try_get(column)
        .map_err(|error| failure("catalogue", &error))
}

const INVALID_INDEXES: &str = "SELECT c.relname::text FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND NOT (i.indisvalid AND i.indisready) ORDER BY 1";

const REFERENCES: &str = "SELECT c.relname::text, p.relname::text,
        array(SELECT a.attname::text FROM unnest(f.conkey) WITH ORDINALITY k (number, place)
              JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.number ORDER BY k.place),
        array(SELECT a.attname::text FROM unnest(f.confkey) WITH ORDINALITY k (number, place)
              JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.number ORDER BY k.place)
    FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND f.contype = 'f' ORDER BY 1, 2";
