//! One connection with its prepared statements.

use std::collections::HashMap;

use postgres::{Client, Config, NoTls, Statement};

use crate::StoreError;

/// Where to connect, and which schema to see.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) config: Config,
    pub(super) schema: String,
}

/// A connection and what was prepared on it.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) prepared: HashMap<String, Statement>,
}

impl Session {
    pub(super) fn open(target: &Target) -> Result<Self, StoreError> {
        let away = |error: postgres::Error| StoreError::Unavailable {
            reason: error.to_string(),
        };
        let mut client = target.config.connect(NoTls).map_err(away)?;
        client
            .batch_execute(&format!(
                "SET search_path = \"{}\"; SET statement_timeout = '30s'",
                target.schema
            ))
            .map_err(away)?;
        Ok(Self {
            client,
            prepared: HashMap::new(),
        })
    }
}

/// An acknowledged write is on disk only if the server is set up to put it there.
pub(super) fn warn_if_unsafe(client: &mut Client) {
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let value = client
            .query_one(&format!("SHOW {setting}"), &[])
            .and_then(|row| row.try_get::<_, String>(0));
        if value.as_deref().is_ok_and(|value| value == "off") {
            tracing::warn!(
                setting.name = setting,
                "PostgreSQL runs with `{setting} = off`: acknowledged writes can be lost"
            );
        }
    }
}
