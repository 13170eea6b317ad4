//! All that a database holds, to be compared with what it held before.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::path::Path;

use rusqlite::types::Value as Cell;
use serde_json::{Map, Value};

/// The rows of each table, in an order of their own; a row is a JSON object.
pub type Tables = BTreeMap<String, Vec<Map<String, Value>>>;

/// The tables of every SQLite file in a directory, also while a server writes them.
///
/// # Panics
/// If a file cannot be read: the test has failed then.
#[expect(clippy::expect_used, reason = "a test without its database has failed")]
pub fn sqlite(directory: &Path) -> Tables {
    let mut tables = Tables::new();
    for entry in std::fs::read_dir(directory).expect("a data directory") {
        let path = entry.expect("an entry").path();
        if path
            .extension()
            .is_none_or(|extension| extension != "sqlite")
        {
            continue;
        }
        let file = path.file_stem().unwrap_or_default().to_string_lossy();
        let connection = rusqlite::Connection::open(&path).expect("a database");
        for name in names(&connection).expect("a list of tables") {
            let rows = rows(&connection, &name).expect("rows");
            tables.insert(format!("{file}.{name}"), sorted(rows));
        }
    }
    tables
}

/// The tables of a whole PostgreSQL database.
///
/// # Panics
/// If the database refuses: the test has failed then.
#[expect(clippy::expect_used, reason = "a test without its database has failed")]
pub fn postgres(url: &str) -> Tables {
    let url = url.to_owned();
    // On a thread of its own: the synchronous client may not be used inside of a tokio task.
    std::thread::spawn(move || {
        let mut client =
            postgres::Client::connect(&url, postgres::NoTls).expect("a server that answers");
        let names = client.query(POSTGRES_TABLES, &[]).expect("tables");
        let mut tables = Tables::new();
        for name in names {
            let (schema, table): (String, String) = (name.get(0), name.get(1));
            let sql = format!("SELECT CAST(to_jsonb(t) AS TEXT) FROM \"{schema}\".\"{table}\" t");
            let found = client.query(&sql, &[]).expect("rows");
            let rows = found
                .iter()
                .map(|row| serde_json::from_str(row.get(0)).expect("a JSON object"))
                .collect();
            tables.insert(format!("{schema}.{table}"), sorted(rows));
        }
        tables
    })
    .join()
    .expect("a database that was read")
}

fn names(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}

fn rows(
    connection: &rusqlite::Connection,
    table: &str,
) -> rusqlite::Result<Vec<Map<String, Value>>> {
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\""))?;
    let names = statement.column_names();
    let columns: Vec<String> = names.into_iter().map(str::to_owned).collect();
    statement
        .query_map([], |row| {
            columns
                .iter()
                .enumerate()
                .map(|(index, column)| Ok((column.clone(), json(row.get(index)?))))
                .collect()
        })?
        .collect()
}

fn json(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => number.into(),
        Cell::Text(text) if text.len() <= SHOWN => text.into(),
        Cell::Text(text) => hashed(&text),
        Cell::Blob(bytes) => hashed(&bytes),
    }
}

/// What stands for a value that is too long to be shown.
fn hashed<T: Hash + ?Sized>(long: &T) -> Value {
    let mut hasher = DefaultHasher::new();
    long.hash(&mut hasher);
    format!("hash {:016x}", hasher.finish()).into()
}

fn sorted(mut rows: Vec<Map<String, Value>>) -> Vec<Map<String, Value>> {
    rows.sort_by_key(|row| Value::from(row.clone()).to_string());
    rows
}

const POSTGRES_TABLES: &str = "SELECT table_schema::text, table_name::text FROM information_schema.tables \
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')";

/// Longer texts are shown by their hash.
const SHOWN: usize = 1000;
