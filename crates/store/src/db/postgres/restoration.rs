//! A copy on its way into empty schemas: all of it in one transaction, migrations included.

use super::PostgresLocation;
use super::catalogue::{is_empty, numbered, set_schema, tables};
use super::session::Session;
use super::tx::{PostgresTx, failure};
use super::watcher::take_place;
use crate::backup::{Copied, CopyError, OpenCopied};
use crate::statement::Schema;
use crate::{OpenError, StoreError, Tx, migrate};

/// An open transaction on a connection that has both places alone.
pub(crate) struct Restoration {
    session: Session,
    location: PostgresLocation,
    schemas: Vec<Copied>,
}

impl Restoration {
    pub(crate) fn begin(
        location: &PostgresLocation,
        schemas: &[Copied],
    ) -> Result<Self, CopyError> {
        let mut session = Session::without_hurry(&super::target(location, Schema::Registry)?)?;
        for schema in [Schema::Auth, Schema::Registry] {
            take_place(&mut session.client, &location.schema_name(schema), true)?;
        }
        super::run(&mut session.client, "BEGIN")?;
        for copied in schemas {
            let name = location.schema_name(copied.schema);
            if !is_empty(&mut session.client, &name)? {
                return Err(CopyError::NotEmpty {
                    place: format!("the schema `{name}`"),
                });
            }
            migrate::postgres_through(&mut session.client, &name, copied.schema, copied.version)
                .map_err(OpenError::from)?;
            let mut seeded = tables(&mut session.client, &name)?;
            seeded.reverse();
            for table in seeded {
                clear(&mut session, &name, &table)?;
            }
        }
        Ok(Self {
            session,
            location: location.clone(),
            schemas: schemas.to_vec(),
        })
    }

    pub(crate) fn load(&mut self, open: &mut OpenCopied<'_>) -> Result<(), CopyError> {
        for copied in self.schemas.clone() {
            let schema = self.location.schema_name(copied.schema);
            for table in tables(&mut self.session.client, &schema)? {
                let name = format!("{}/{table}.copy", copied.schema.name());
                self.load_table(&schema, &table, &name, open)?;
            }
            for (table, column) in numbered(&mut self.session.client, &schema)? {
                let sql = format!(
                    "SELECT setval(pg_get_serial_sequence('\"{schema}\".\"{table}\"', '{column}'), max(\"{column}\")) \
                     FROM \"{schema}\".\"{table}\" HAVING max(\"{column}\") > 0"
                );
                super::run(&mut self.session.client, &sql)?;
            }
        }
        Ok(())
    }

    fn load_table(
        &mut self,
        schema: &str,
        table: &str,
        name: &str,
        open: &mut OpenCopied<'_>,
    ) -> Result<(), CopyError> {
        let mut reader = open(name).map_err(CopyError::file(name))?;
        let sql = format!("COPY \"{schema}\".\"{table}\" FROM STDIN (FORMAT binary)");
        let mut rows = self
            .session
            .client
            .copy_in(sql.as_str())
            .map_err(|error| failure("COPY FROM", &error))?;
        std::io::copy(&mut reader, &mut rows).map_err(CopyError::file(name))?;
        rows.finish()
            .map_err(|error| failure("COPY FROM", &error))?;
        // Without statistics the first searches would choose the wrong index.
        Ok(super::run(
            &mut self.session.client,
            &format!("ANALYZE \"{schema}\".\"{table}\""),
        )?)
    }

    pub(crate) fn write<T>(
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

    pub(crate) fn finish(mut self) -> Result<(), CopyError> {
        Ok(super::run(&mut self.session.client, "COMMIT")?)
    }
}

/// Removes what migrations put into a new table; the copy has it too. The audit log, which refuses, has nothing.
fn clear(session: &mut Session, schema: &str, table: &str) -> Result<(), CopyError> {
    let sql = format!("SELECT 1 FROM \"{schema}\".\"{table}\" LIMIT 1");
    let is_seeded = session
        .client
        .query_opt(sql.as_str(), &[])
        .map_err(|error| failure("SEEDED", &error))?
        .is_some();
    if is_seeded {
        super::run(
            &mut session.client,
            &format!("DELETE FROM \"{schema}\".\"{table}\""),
        )?;
    }
    Ok(())
}
