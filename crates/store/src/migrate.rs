//! Migrations: numbered, forward only, applied at start under a lock.
//!
//! A released file is never edited: its checksum is stored, and a difference is refused. Each works while the previous release
//! still runs (expand, deploy, contract).

use crate::Dialect;
use crate::statement::Schema;

/// One step of a schema, with its text for each database.
#[derive(Debug)]
pub struct Migration {
    /// Position, from 1 without gaps.
    pub version: i64,
    /// What it brings, as in the file's name.
    pub name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

impl Migration {
    /// The SQL for a database.
    pub const fn sql(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }

    /// FNV-1a of the SQL: it detects an edit, not an attack.
    pub fn checksum(&self, dialect: Dialect) -> i64 {
        let hash = self
            .sql(dialect)
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        hash.cast_signed()
    }
}

/// Why a schema could not be brought up to date.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MigrationError {
    /// The database is from a later release.
    #[error(
        "the {schema} database is at version {found}, this release knows {known}: run a newer release"
    )]
    Newer {
        /// Which database.
        schema: &'static str,
        /// Its version.
        found: i64,
        /// The last version known here.
        known: i64,
    },
    /// A migration that was applied differs from the one in this release.
    #[error(
        "migration {version} of the {schema} database was edited after it was applied: restore its file"
    )]
    Edited {
        /// Which database.
        schema: &'static str,
        /// Which migration.
        version: i64,
    },
    /// A migration failed; nothing of it was kept.
    #[error("migration of the {schema} database failed: {reason}")]
    Failed {
        /// Which database.
        schema: &'static str,
        /// What the driver said.
        reason: String,
    },
}

/// A migration that the database says it has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) version: i64,
    pub(crate) checksum: i64,
}

/// The steps that are still to be applied, in order.
pub(crate) fn pending(
    schema: Schema,
    dialect: Dialect,
    applied: &[Applied],
) -> Result<Vec<&'static Migration>, MigrationError> {
    let all = migrations(schema);
    for step in applied {
        let Some(known) = all.iter().find(|known| known.version == step.version) else {
            let known = all.last().map_or(0, |last| last.version);
            return Err(MigrationError::Newer {
                schema: schema.name(),
                found: step.version,
                known,
            });
        };
        if known.checksum(dialect) != step.checksum {
            return Err(MigrationError::Edited {
                schema: schema.name(),
                version: step.version,
            });
        }
    }
    Ok(all
        .iter()
        .filter(|step| applied.iter().all(|done| done.version != step.version))
        .collect())
}

/// Brings an `SQLite` database up to date. The caller holds the file's lock.
pub(crate) fn sqlite(
    connection: &mut rusqlite::Connection,
    schema: Schema,
) -> Result<(), MigrationError> {
    let failed = |error: rusqlite::Error| MigrationError::Failed {
        schema: schema.name(),
        reason: error.to_string(),
    };
    let tx = connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(failed)?;
    tx.execute_batch(SQLITE_LEDGER).map_err(failed)?;
    let applied = {
        let mut statement = tx.prepare(READ_LEDGER).map_err(failed)?;
        let rows = statement
            .query_map([], |row| {
                Ok(Applied {
                    version: row.get(0)?,
                    checksum: row.get(1)?,
                })
            })
            .map_err(failed)?;
        rows.collect::<Result<Vec<_>, _>>().map_err(failed)?
    };
    for step in pending(schema, Dialect::Sqlite, &applied)? {
        tx.execute_batch(step.sqlite).map_err(failed)?;
        tx.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (?1, ?2, ?3)",
            rusqlite::params![step.version, step.name, step.checksum(Dialect::Sqlite)],
        )
        .map_err(failed)?;
        tracing::info!(
            schema.name = schema.name(),
            migration.version = step.version,
            "applied migration `{}`",
            step.name
        );
    }
    tx.commit().map_err(failed)
}

/// Brings a PostgreSQL schema up to date. Replicas that start together wait for one another.
pub(crate) fn postgres(
    client: &mut postgres::Client,
    name: &str,
    schema: Schema,
) -> Result<(), MigrationError> {
    let mut tx = client
        .transaction()
        .map_err(|error| failed(schema, &error))?;
    postgres_through(&mut tx, name, schema, i64::MAX)?;
    tx.commit().map_err(|error| failed(schema, &error))
}

/// Applies what is pending, up to a version, in the transaction that is open; names mean those of the schema until it ends.
pub(crate) fn postgres_through(
    tx: &mut impl postgres::GenericClient,
    name: &str,
    schema: Schema,
    last: i64,
) -> Result<(), MigrationError> {
    let failed = |error: postgres::Error| failed(schema, &error);
    tx.query("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK])
        .map_err(failed)?;
    tx.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS \"{name}\"; SET LOCAL search_path = \"{name}\"; {POSTGRES_LEDGER}"))
        .map_err(failed)?;
    let applied: Vec<Applied> = tx
        .query(READ_LEDGER, &[])
        .map_err(failed)?
        .iter()
        .map(|row| {
            Ok(Applied {
                version: row.try_get(0)?,
                checksum: row.try_get(1)?,
            })
        })
        .collect::<Result<_, postgres::Error>>()
        .map_err(failed)?;
    let pending = pending(schema, Dialect::Postgres, &applied)?;
    for step in pending.iter().filter(|step| step.version <= last) {
        tx.batch_execute(step.postgres).map_err(failed)?;
        tx.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
            &[&step.version, &step.name, &step.checksum(Dialect::Postgres)],
        )
        .map_err(failed)?;
        tracing::info!(
            schema.name = schema.name(),
            migration.version = step.version,
            "applied migration `{}`",
            step.name
        );
    }
    Ok(())
}

fn failed(schema: Schema, error: &postgres::Error) -> MigrationError {
    let told = error.as_db_error().map(|told| told.message().to_owned());
    MigrationError::Failed {
        schema: schema.name(),
        reason: told.unwrap_or_else(|| error.to_string()),
    }
}

/// What this release would apply to a schema of that version, in order.
pub fn later_than(schema: Schema, version: i64) -> impl Iterator<Item = &'static Migration> {
    migrations(schema)
        .iter()
        .filter(move |step| step.version > version)
}

/// The last version that this release knows.
pub fn latest(schema: Schema) -> i64 {
    migrations(schema).last().map_or(0, |last| last.version)
}

const POSTGRES_LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum BIGINT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now())";

/// An advisory lock's number that nobody else is likely to use: the letters `hokusai`.
const MIGRATION_LOCK: i64 = 0x68_6f_6b_75_73_61_69;

const SQLITE_LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum INTEGER NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT";

pub(crate) const READ_LEDGER: &str =
    "SELECT version, checksum FROM schema_migrations ORDER BY version";

const fn migrations(schema: Schema) -> &'static [Migration] {
    match schema {
        Schema::Auth => AUTH,
        Schema::Registry => REGISTRY,
    }
}

/// A migration and its two files.
macro_rules! migration {
    ($version:literal, $schema:literal, $file:literal) => {
        Migration {
            version: $version,
            name: $file,
            sqlite: include_str!(concat!(
                "../migrations/",
                $schema,
                "/sqlite/",
                $file,
                ".sql"
            )),
            postgres: include_str!(concat!(
                "../migrations/",
                $schema,
                "/postgres/",
                $file,
                ".sql"
            )),
        }
    };
}

const AUTH: &[Migration] = &[
    migration!(1, "auth", "0001_keys"),
    migration!(2, "auth", "0002_usage"),
    migration!(3, "auth", "0003_epoch_notice"),
    migration!(4, "auth", "0004_audit_seals"),
];

const REGISTRY: &[Migration] = &[
    migration!(1, "registry", "0001_models"),
    migration!(2, "registry", "0002_tracking"),
    migration!(3, "registry", "0003_logged_models"),
    migration!(4, "registry", "0004_logged_model_metrics"),
    migration!(5, "registry", "0005_audit"),
    migration!(6, "registry", "0006_audit_seals"),
    migration!(7, "registry", "0007_long_values"),
    migration!(8, "registry", "0008_versions_by_stage"),
    migration!(9, "registry", "0009_artifact_changes"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_from_one_without_gaps() {
        for schema in [Schema::Auth, Schema::Registry] {
            for (step, expected) in migrations(schema).iter().zip(1..) {
                assert_eq!(step.version, expected, "{}", step.name);
            }
        }
    }

    #[test]
    fn a_database_of_a_later_release_is_refused() {
        let applied = [Applied {
            version: 9_999,
            checksum: 0,
        }];
        assert!(matches!(
            pending(Schema::Auth, Dialect::Sqlite, &applied),
            Err(MigrationError::Newer { found: 9_999, .. })
        ));
    }
}
