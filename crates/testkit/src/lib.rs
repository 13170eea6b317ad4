//! What several crates' tests need: databases that are real, private to one test, and gone afterwards.
//!
//! A test that runs on both databases takes a [`Backend`] and asks [`TestDatabase::new`]. A missing PostgreSQL fails the test; nothing
//! is skipped.

mod cluster;
pub mod dump;
pub mod tls_server;

use hokusai_store::{Location, PostgresLocation};
use tempfile::TempDir;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The embedded default.
    Sqlite,
    /// A server of this test process's own, or the one that `HOKUSAI_TEST_POSTGRES_URL` names.
    Postgres,
}

/// The URL of a whole new PostgreSQL database, for tests that run a binary with schema names of its own.
///
/// # Panics
/// If the database cannot be had: the test has failed then.
#[expect(clippy::expect_used, reason = "a test without its database has failed")]
pub fn whole_postgres_database() -> String {
    let url = cluster::url();
    let name = format!("{}db", cluster::fresh_prefix());
    let (server, _) = url.rsplit_once('/').expect("a URL with a database");
    let fresh = format!("{server}/{name}");
    // On a thread of its own: the synchronous client may not be used inside of a tokio task.
    std::thread::spawn(move || {
        let mut client =
            postgres::Client::connect(&url, postgres::NoTls).expect("a server that answers");
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("a new database");
    })
    .join()
    .expect("a database that was made");
    fresh
}

/// Does to a database what only somebody can do who goes around us.
///
/// # Panics
/// If the database refuses.
#[expect(clippy::expect_used, reason = "a test without its database has failed")]
pub fn tamper(url: &str, sql: &str) {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    std::thread::spawn(move || {
        let mut client =
            postgres::Client::connect(&url, postgres::NoTls).expect("a server that answers");
        client
            .batch_execute(&sql)
            .expect("a database that lets its owner do everything");
    })
    .join()
    .expect("a database that was tampered with");
}

/// An empty database for one test.
pub struct TestDatabase {
    location: Location,
    url: Option<String>,
    prefix: String,
    directory: TempDir,
}

impl TestDatabase {
    /// Makes one.
    ///
    /// # Panics
    /// If the database cannot be had: the test has failed then.
    #[expect(clippy::expect_used, reason = "a test without its database has failed")]
    pub fn new(backend: Backend) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (location, url, prefix) = match backend {
            Backend::Sqlite => (
                Location::Sqlite {
                    directory: directory.path().join("data"),
                },
                None,
                String::new(),
            ),
            Backend::Postgres => {
                let (url, prefix) = (cluster::url(), cluster::fresh_prefix());
                (
                    Location::Postgres(PostgresLocation::new(url.clone(), prefix.clone())),
                    Some(url),
                    prefix,
                )
            }
        };
        Self {
            location,
            url,
            prefix,
            directory,
        }
    }

    /// Where it is, for `StoreOptions`.
    pub fn location(&self) -> Location {
        self.location.clone()
    }

    /// PostgreSQL's URL and this test's prefix of schema names.
    pub fn postgres(&self) -> Option<(&str, &str)> {
        self.url.as_deref().map(|url| (url, self.prefix.as_str()))
    }

    /// A directory of this test's own; `data/` in it holds the embedded databases.
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }
}
