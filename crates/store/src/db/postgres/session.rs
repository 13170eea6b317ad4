//! One connection with its prepared statements.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use postgres::{Client, Config, NoTls, Statement};

use super::tls::VerifyingTls;
use crate::StoreError;

/// Where and how to connect, and which schema to see.
#[derive(Clone)]
pub(super) struct Target {
    config: Config,
    tls: Option<VerifyingTls>,
    pub(super) schema: String,
    /// Whether it was said that the server may lose what it acknowledged: once per store is enough.
    warned: Arc<AtomicBool>,
}

/// A connection and what was prepared on it.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) prepared: HashMap<String, Statement>,
}

impl Target {
    pub(super) fn new(config: Config, tls: Option<VerifyingTls>, schema: String) -> Self {
        Self {
            config,
            tls,
            schema,
            warned: Arc::default(),
        }
    }

    /// Connects. The client must be made, used and dropped outside of tokio's tasks.
    pub(super) fn connect(&self) -> Result<Client, postgres::Error> {
        let mut client = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        }?;
        self.insist_on_durability(&mut client)?;
        Ok(client)
    }

    /// An acknowledged write is on disk only if the server is set up to put it there. What a session may set is set; what only the
    /// server's administrator can is warned about.
    fn insist_on_durability(&self, client: &mut Client) -> Result<(), postgres::Error> {
        let row = client.query_one(DURABILITY, &[])?;
        let mut lax = Vec::new();
        for (index, setting) in SETTINGS.into_iter().enumerate() {
            if row.try_get::<_, String>(index)? == "off" {
                lax.push(setting);
            }
        }
        if lax.contains(&SYNCHRONOUS_COMMIT) {
            client.batch_execute("SET synchronous_commit = 'on'")?;
        }
        if !lax.is_empty() && !self.warned.swap(true, Ordering::Relaxed) {
            for setting in lax {
                tracing::warn!(
                    setting.name = setting,
                    "PostgreSQL has `{setting} = off`: {}",
                    if setting == SYNCHRONOUS_COMMIT {
                        "it is on for the connections of this service"
                    } else {
                        "a power cut can lose or damage acknowledged writes"
                    }
                );
            }
        }
        Ok(())
    }
}

impl Session {
    pub(super) fn open(target: &Target) -> Result<Self, StoreError> {
        let away = |error: postgres::Error| StoreError::Unavailable {
            reason: told(&error),
        };
        let mut client = target.connect().map_err(away)?;
        client
            .batch_execute(&format!(
                "SET search_path = \"{}\"; SET statement_timeout = '30s'; \
                 SET idle_in_transaction_session_timeout = '{LONGEST_PAUSE}'; SET random_page_cost = {RANDOM_PAGE_COST}",
                target.schema
            ))
            .map_err(away)?;
        Ok(Self {
            client,
            prepared: HashMap::new(),
        })
    }

    /// For work that reads or writes whole tables, and may pause in the middle.
    pub(super) fn without_hurry(target: &Target) -> Result<Self, StoreError> {
        let mut session = Self::open(target)?;
        let unlimited = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";
        super::run(&mut session.client, unlimited)?;
        Ok(session)
    }
}

/// What the driver says, with its cause: "error performing TLS handshake" alone helps nobody.
pub(super) fn told(error: &postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// What a page out of turn costs beside one in turn. The default, 4, is for spinning disks: with it a search reads all runs of all
/// experiments to find a few hundred: measured over 20,000 runs, 9.7 ms of CPU in place of 6.6 for the whole request.
const RANDOM_PAGE_COST: &str = "1.1";

/// A transaction of ours never waits for us: whoever pauses so long in the middle of one was cut off, and what it has locked would
/// stop the other replicas.
const LONGEST_PAUSE: &str = "5s";

const SYNCHRONOUS_COMMIT: &str = "synchronous_commit";
const SETTINGS: [&str; 3] = ["fsync", "full_page_writes", SYNCHRONOUS_COMMIT];
const DURABILITY: &str = "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')";
