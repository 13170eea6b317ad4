//! PostgreSQL: plain threads, each the sole owner of one client. The synchronous client must be made, used and dropped outside of
//! tokio's tasks, so none ever leaves its thread.

mod session;
mod tx;
mod values;
mod worker;

use std::sync::Arc;
use std::thread::JoinHandle;

use postgres::config::{Config, Host, SslMode};

use crate::db::queue::Queue;
use crate::statement::Schema;
use crate::{OpenError, migrate};

/// A PostgreSQL database. `Debug` hides the URL, which may hold a password.
#[derive(Clone)]
pub struct PostgresLocation {
    url: String,
    schema_prefix: String,
}

impl PostgresLocation {
    /// The database at `postgres://…`; schemas are named `<prefix>auth` and `<prefix>registry`.
    pub fn new(url: impl Into<String>, schema_prefix: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema_prefix: schema_prefix.into(),
        }
    }

    /// The name of a service's schema in the database.
    fn schema_name(&self, schema: Schema) -> String {
        format!("{}{}", self.schema_prefix, schema.name())
    }

    /// The connection's settings, if the connection may be made: a password must not cross a network in clear.
    fn config(&self) -> Result<Config, OpenError> {
        let refused = |reason: &str| OpenError::Connect {
            reason: reason.to_owned(),
        };
        let mut config: Config = self.url.parse().map_err(|_| {
            refused("the URL cannot be read: write postgres://user@host:port/database")
        })?;
        if !self
            .schema_prefix
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        {
            return Err(refused(
                "the schema prefix may hold lower-case letters, digits and `_`",
            ));
        }
        let is_near = config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => {
                name == "localhost"
                    || name
                        .parse()
                        .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
            }
            Host::Unix(_) => true,
        });
        if !is_near && config.get_ssl_mode() != SslMode::Disable {
            return Err(refused(
                "TLS to PostgreSQL is not in this release: use a host on this machine, or say sslmode=disable if the network in \
                 between is trusted",
            ));
        }
        config
            .connect_timeout(CONNECT_TIMEOUT)
            .application_name(&format!("hokusai {}", self.schema_prefix));
        Ok(config)
    }
}

impl std::fmt::Debug for PostgresLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresLocation")
            .field("schema_prefix", &self.schema_prefix)
            .finish_non_exhaustive()
    }
}

/// Connects, migrates and starts the threads: `connections` that read and as many that write.
pub(crate) fn start(
    location: &PostgresLocation,
    schema: Schema,
    connections: usize,
    reads: &Arc<Queue>,
    writes: &Arc<Queue>,
) -> Result<Vec<JoinHandle<()>>, OpenError> {
    let target = session::Target {
        config: location.config()?,
        schema: location.schema_name(schema),
    };
    bring_up_to_date(target.clone(), schema)?;
    let mut threads = Vec::new();
    for index in 0..connections.max(1) {
        for (queue, kind) in [(reads, worker::Kind::Read), (writes, worker::Kind::Write)] {
            let (target, queue) = (target.clone(), Arc::clone(queue));
            let thread = std::thread::Builder::new()
                .name(format!("{}-pg-{index}", schema.name()))
                .spawn(move || worker::serve(&target, kind, &queue))
                .map_err(|error| OpenError::Connect {
                    reason: error.to_string(),
                })?;
            threads.push(thread);
        }
    }
    Ok(threads)
}

/// Migrates on a thread of its own: the caller's may belong to tokio.
fn bring_up_to_date(target: session::Target, schema: Schema) -> Result<(), OpenError> {
    let thread = std::thread::spawn(move || {
        let mut client =
            target
                .config
                .connect(postgres::NoTls)
                .map_err(|error| OpenError::Connect {
                    reason: error.to_string(),
                })?;
        session::warn_if_unsafe(&mut client);
        migrate::postgres(&mut client, &target.schema, schema).map_err(OpenError::from)
    });
    thread.join().unwrap_or_else(|_| {
        Err(OpenError::Connect {
            reason: "the migration failed unexpectedly".to_owned(),
        })
    })
}

/// A database that takes longer to accept is as good as away.
const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(3);
