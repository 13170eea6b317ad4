//! Copies of both schemas out of one read-only transaction that sees one moment: `COPY` in binary form, a file per table.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::PostgresLocation;
use super::catalogue::{has_ledger, set_schema, tables, version};
use super::session::Session;
use super::tx::{PostgresTx, failure};
use crate::backup::{Copied, CopyError};
use crate::statement::Schema;
use crate::{StoreError, Tx};

/// An open transaction.
pub(crate) struct Snapshot {
    session: Session,
    location: PostgresLocation,
    schemas: Vec<Copied>,
}

impl Snapshot {
    pub(crate) fn begin(location: &PostgresLocation) -> Result<Self, CopyError> {
        // A large table takes longer than any request may.
        let mut session = Session::without_hurry(&super::target(location, Schema::Registry)?)?;
        super::run(
            &mut session.client,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )?;
        let mut schemas = Vec::new();
        for schema in [Schema::Registry, Schema::Auth] {
            let name = location.schema_name(schema);
            if has_ledger(&mut session.client, &name)? {
                let version = version(&mut session.client, &name)?;
                schemas.push(Copied { schema, version });
            }
        }
        if schemas.is_empty() {
            return Err(CopyError::Absent);
        }
        Ok(Self {
            session,
            location: location.clone(),
            schemas,
        })
    }

    pub(crate) fn schemas(&self) -> &[Copied] {
        &self.schemas
    }

    pub(crate) fn size_bytes(&mut self, schema: Schema) -> Result<u64, CopyError> {
        let name = self.location.schema_name(schema);
        let row = self
            .session
            .client
            .query_one(SIZE, &[&name])
            .map_err(|error| failure("SIZE", &error))?;
        let bytes: i64 = row.try_get(0).map_err(|error| failure("SIZE", &error))?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }

    pub(crate) fn faults(&mut self) -> Result<Vec<String>, CopyError> {
        let mut found = Vec::new();
        for copied in self.schemas.clone() {
            let name = self.location.schema_name(copied.schema);
            let faults = super::faults::of(&mut self.session.client, &name)?.into_iter();
            found.extend(faults.map(|fault| format!("{}: {fault}", copied.schema.name())));
        }
        Ok(found)
    }

    pub(crate) fn copy_to(
        &mut self,
        directory: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<String>, CopyError> {
        let mut names = Vec::new();
        for copied in self.schemas.clone() {
            let schema = copied.schema.name();
            let below = directory.join(schema);
            DirBuilder::new()
                .mode(0o700)
                .create(&below)
                .map_err(CopyError::file(&below))?;
            let in_database = self.location.schema_name(copied.schema);
            for table in tables(&mut self.session.client, &in_database)? {
                let name = format!("{schema}/{table}.copy");
                self.copy(&in_database, &table, &directory.join(&name), progress)?;
                names.push(name);
            }
        }
        Ok(names)
    }

    fn copy(
        &mut self,
        schema: &str,
        table: &str,
        path: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), CopyError> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(CopyError::file(path))?;
        let sql = format!("COPY \"{schema}\".\"{table}\" TO STDOUT (FORMAT binary)");
        let mut rows = self
            .session
            .client
            .copy_out(sql.as_str())
            .map_err(|error| failure("COPY TO", &error))?;
        let mut buffer = vec![0; 1 << 18];
        loop {
            let count = rows.read(&mut buffer).map_err(|error| lost(&error))?;
            let Some(chunk) = buffer.get(..count).filter(|chunk| !chunk.is_empty()) else {
                return Ok(());
            };
            file.write_all(chunk).map_err(CopyError::file(path))?;
            progress(count as u64);
        }
    }

    pub(crate) fn read<T>(
        &mut self,
        schema: Schema,
        operation: impl Fn(&mut dyn Tx) -> Result<T, StoreError>,
    ) -> Result<T, CopyError> {
        set_schema(&mut self.session, &self.location.schema_name(schema))?;
        let mut tx = PostgresTx::new(&mut self.session);
        let answer = operation(&mut tx);
        match tx.failed {
            Some(failed) => Err(failed.into()),
            None => Ok(answer?),
        }
    }
}

/// The server's failure in the middle of a copy arrives as one of reading.
fn lost(error: &std::io::Error) -> CopyError {
    CopyError::from(StoreError::Unavailable {
        reason: format!("the copy broke off: {error}"),
    })
}

const SIZE: &str = "SELECT coalesce(sum(pg_table_size(c.oid)), 0)::bigint FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'";
