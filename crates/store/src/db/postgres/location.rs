//! Where a PostgreSQL database is, and how a connection to it must be protected.
//!
//! Beyond this machine the server must prove its name with a certificate (security 6): encryption towards whoever answers protects
//! nobody, so libpq's modes between "off" and `verify-full` are refused.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use postgres::config::{Config, Host, SslMode};

use super::tls::Roots;
use crate::OpenError;
use crate::statement::Schema;

/// A PostgreSQL database. `Debug` hides the URL, which may hold a password.
#[derive(Clone)]
pub struct PostgresLocation {
    url: String,
    schema_prefix: String,
    trusts_network: bool,
}

/// How to reach the server.
pub(super) struct Reach {
    pub(super) config: Config,
    /// Certificates that may vouch for the server's name; a plain connection if there are none.
    pub(super) roots: Option<Roots>,
}

impl PostgresLocation {
    /// The database at `postgres://…`; schemas are named `<prefix>auth` and `<prefix>registry`.
    ///
    /// `sslmode` is `verify-full` (the default beyond this machine) or `disable`; `sslrootcert` names a PEM file, or `system` for
    /// the system's own certificates.
    pub fn new(url: impl Into<String>, schema_prefix: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema_prefix: schema_prefix.into(),
            trusts_network: false,
        }
    }

    /// Lets passwords and keys' hashes cross a network in clear: nobody can listen there or answer in the server's place.
    #[must_use]
    pub fn trusting_network(mut self, trusts: bool) -> Self {
        self.trusts_network = trusts;
        self
    }

    /// The name of a service's schema in the database.
    pub(super) fn schema_name(&self, schema: Schema) -> String {
        format!("{}{}", self.schema_prefix, schema.name())
    }

    /// The connection's settings, if the connection may be made.
    pub(super) fn reach(&self) -> Result<Reach, OpenError> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !self.schema_prefix.bytes().all(is_plain) {
            return Err(refused(
                "the schema prefix may hold lower-case letters, digits and `_`",
            ));
        }
        let (url, mode, roots) = take_tls(&self.url);
        let mut config: Config = url.parse().map_err(|_| {
            refused("the URL cannot be read: write postgres://user@host:port/database")
        })?;
        let is_here = is_here(&config);
        let verifies = match mode.as_deref() {
            None => !is_here && !self.trusts_network || roots.is_some(),
            Some("verify-full") => true,
            Some("disable") if is_here || self.trusts_network => false,
            Some("disable") => return Err(refused(IN_CLEAR)),
            Some("allow" | "prefer") if is_here => false,
            Some(_) => return Err(refused(HALF_MEASURE)),
        };
        config
            .ssl_mode(if verifies {
                SslMode::Require
            } else {
                SslMode::Disable
            })
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .application_name(&format!("hokusai {}", self.schema_prefix));
        let roots = verifies.then(|| match roots.as_deref() {
            None | Some("system") => Roots::System,
            Some(path) => Roots::File(PathBuf::from(path)),
        });
        Ok(Reach { config, roots })
    }
}

impl std::fmt::Debug for PostgresLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresLocation")
            .field("schema_prefix", &self.schema_prefix)
            .field("trusts_network", &self.trusts_network)
            .finish_non_exhaustive()
    }
}

/// The URL without the two parameters that the driver does not know in libpq's meaning, and what they said.
fn take_tls(url: &str) -> (String, Option<String>, Option<String>) {
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), None, None);
    };
    let (mut mode, mut roots, mut rest) = (None, None, Vec::new());
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value.to_owned()),
            Some(("sslrootcert", value)) => roots = Some(decoded(value)),
            _ => rest.push(pair),
        }
    }
    let rest = rest.join("&");
    let url = if rest.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{rest}")
    };
    (url, mode, roots)
}

/// A path as it stands in a URL: `%2F` is a slash. What is no encoding stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.split_at_checked(2);
        let encoded = digits.filter(|_| *byte == b'%').and_then(|(pair, after)| {
            Some((
                u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?,
                after,
            ))
        });
        let (byte, after) = encoded.unwrap_or((*byte, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether no network is in between. An address that is given decides, whatever the name says.
fn is_here(config: &Config) -> bool {
    let by_name = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        Host::Unix(_) => true,
    });
    let addresses = config.get_hostaddrs();
    if addresses.is_empty() {
        by_name
    } else {
        addresses.iter().all(IpAddr::is_loopback)
    }
}

fn refused(reason: &str) -> OpenError {
    OpenError::Connect {
        reason: reason.to_owned(),
    }
}

const IN_CLEAR: &str = "`sslmode=disable` would send the password in clear over a network: write `sslmode=verify-full`, with \
                        `sslrootcert=FILE` unless the system knows the authority, or set `database-trusted-network` if nobody can \
                        listen in between";

const HALF_MEASURE: &str = "this `sslmode` encrypts without knowing to whom: write `sslmode=verify-full`, with `sslrootcert=FILE` unless \
                            the system knows the authority";

/// A database that takes longer to accept is as good as away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// So long may its machine leave unacknowledged what was sent, or a question whether it is there, before a connection is given up. A
/// firewall that drops packets refuses nothing: without this a thread would wait for a quarter of an hour, and go on minutes after the
/// packets come through again. A statement may take longer: then its machine still acknowledges.
const SILENCE: Duration = Duration::from_secs(5);

/// Between two questions whether it is there.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str, trusts: bool) -> Result<bool, String> {
        let location = PostgresLocation::new(url, "p_").trusting_network(trusts);
        location
            .reach()
            .map(|reach| reach.roots.is_some())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn beyond_this_machine_the_server_proves_its_name_unless_said_otherwise() {
        for (url, trusts, verifies) in [
            ("postgres://u@127.0.0.1/d", false, false),
            ("postgres://u@[::1]/d", false, false),
            ("postgres://u@localhost/d?sslmode=prefer", false, false),
            ("postgres://u@%2Frun%2Fpostgresql/d", false, false),
            ("postgres://u@127.0.0.1/d?sslmode=verify-full", false, true),
            ("postgres://u@127.0.0.1/d?sslrootcert=ca.pem", false, true),
            ("postgres://u@db.example.com/d", false, true),
            ("postgres://u@10.0.0.1/d?connect_timeout=1", false, true),
            ("postgres://u@localhost/d?hostaddr=10.0.0.1", false, true),
            ("postgres://u@localhost,db.example.com/d", false, true),
            ("postgres://u@db.example.com/d", true, false),
            ("postgres://u@db.example.com/d?sslmode=disable", true, false),
            (
                "postgres://u@db.example.com/d?sslmode=verify-full",
                true,
                true,
            ),
        ] {
            assert_eq!(mode(url, trusts), Ok(verifies), "{url} {trusts}");
        }
    }

    #[test]
    fn half_measures_and_clear_text_over_a_network_are_refused_with_the_right_words() {
        for mode_name in [
            "disable",
            "allow",
            "prefer",
            "require",
            "verify-ca",
            "nonsense",
        ] {
            let url = format!("postgres://u:canary@db.example.com/d?sslmode={mode_name}");
            let said = mode(&url, false).unwrap_err();
            assert!(
                said.contains("sslmode=verify-full") && !said.contains("canary"),
                "{said}"
            );
        }
        assert!(mode("postgres://u@127.0.0.1/d?sslmode=require", false).is_err());
    }

    #[test]
    fn a_path_is_read_as_urls_write_it() {
        assert_eq!(decoded("%2Fetc%2Fca.pem"), "/etc/ca.pem");
        assert_eq!(decoded("/etc/100%.pem"), "/etc/100%.pem");
    }
}
