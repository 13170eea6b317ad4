//! What `SQLite` finds wrong in a database.

use rusqlite::Connection;

use super::connection::failure;
use crate::StoreError;

/// Damaged pages and indexes, broken constraints, references to rows that are not there; in words, the first hundred of each.
pub(crate) fn of(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    let failed = |error: rusqlite::Error| failure("integrity_check", &error);
    let mut statement = connection
        .prepare("PRAGMA integrity_check(100)")
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let said: String = row.get(0).map_err(failed)?;
        if said != "ok" {
            found.push(said);
        }
    }
    let mut statement = connection
        .prepare("SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 LIMIT 100")
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let (table, parent, count): (String, String, i64) =
            (|| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))().map_err(failed)?;
        found.push(format!(
            "{count} rows of `{table}` refer to rows of `{parent}` that are not there"
        ));
    }
    Ok(found)
}
