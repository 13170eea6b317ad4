//! What `SQLite` finds wrong in a database.

use rusqlite::{Connection, ErrorCode};

use super::connection::failure;
use crate::StoreError;

/// Damaged pages and indexes, broken constraints, references to rows that are not there; in words, the first hundred of each. Damage
/// that ends the search is a fault like the others.
pub(crate) fn of(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for (name, search) in SEARCHES {
        match search(connection, &mut found) {
            Err(error) if is_damage(&error) => found.push(error.to_string()),
            searched => searched.map_err(|error| failure(name, &error))?,
        }
    }
    Ok(found)
}

type Search = fn(&Connection, &mut Vec<String>) -> rusqlite::Result<()>;

const SEARCHES: [(&str, Search); 2] = [
    ("integrity_check", integrity),
    ("foreign_key_check", references),
];

fn integrity(connection: &Connection, found: &mut Vec<String>) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA integrity_check(100)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            found.push(said);
        }
    }
    Ok(())
}

fn references(connection: &Connection, found: &mut Vec<String>) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 LIMIT 100",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, parent, count): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        found.push(format!(
            "{count} rows of `{table}` refer to rows of `{parent}` that are not there"
        ));
    }
    Ok(())
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}
