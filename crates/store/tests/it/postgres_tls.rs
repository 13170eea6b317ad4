//! Connections to a PostgreSQL server must reach that server and nobody else (security 6), and acknowledged writes must be on its disk.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use hokusai_store::statement::{Schema, Statement};
use hokusai_store::{Location, PostgresLocation, Store, StoreError, StoreOptions};
use hokusai_testkit::tls_server::TlsServer;

use crate::{close, open};

static SERVER: LazyLock<TlsServer> =
    LazyLock::new(|| TlsServer::start("db.example.com", &["fsync=off", "full_page_writes=off"]));

/// The server under a name of ours: `hostaddr` says where it is, `host` who it should be.
fn location(name: &str, mode: &str, roots: Option<&Path>) -> PostgresLocation {
    let roots = roots.map_or_else(String::new, |path| {
        format!("&sslrootcert={}", path.display())
    });
    let url = format!(
        "postgres://hokusai@{name}:{}/postgres?hostaddr=127.0.0.1&sslmode={mode}{roots}",
        SERVER.port()
    );
    PostgresLocation::new(url, format!("tls{}_", unique()))
}

fn unique() -> u32 {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

fn options(location: PostgresLocation) -> StoreOptions {
    StoreOptions::new(Location::Postgres(location), Schema::Auth)
}

fn refusal(location: PostgresLocation) -> String {
    Store::open(&options(location)).unwrap_err().to_string()
}

#[tokio::test]
async fn the_right_name_from_a_known_authority_passes_and_every_connection_is_encrypted() {
    static ENCRYPTED: Statement = Statement::new(
        Schema::Auth,
        "ENCRYPTED",
        "SELECT count(*), count(*) FILTER (WHERE ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE application_name = current_setting('application_name')",
    );
    let authority = SERVER.authority();
    let store = open(options(location(
        "db.example.com",
        "verify-full",
        Some(&authority),
    )))
    .await;
    let counts: Result<(i64, i64), StoreError> = store
        .write(|tx| {
            let row = tx.query_one(&ENCRYPTED, &[])?;
            Ok((row.int(0)?, row.int(1)?))
        })
        .await;
    let (all, encrypted) = counts.unwrap();
    assert_eq!((all, all > 0), (encrypted, true));
    close(store).await;
}

#[test]
fn another_name_is_refused() {
    let said = refusal(location(
        "other.example.com",
        "verify-full",
        Some(&SERVER.authority()),
    ));
    assert!(said.contains("certificate not valid for name"), "{said}");
    let said = refusal(location(
        "127.0.0.1",
        "verify-full",
        Some(&SERVER.authority()),
    ));
    assert!(said.contains("certificate not valid for name"), "{said}");
}

#[test]
fn an_authority_that_is_not_known_is_refused() {
    let said = refusal(location(
        "db.example.com",
        "verify-full",
        Some(&SERVER.stranger()),
    ));
    assert!(said.contains("invalid peer certificate"), "{said}");
    let missing = Path::new("/nowhere/ca.pem");
    let said = refusal(location("db.example.com", "verify-full", Some(missing)));
    assert!(said.contains("/nowhere/ca.pem"), "{said}");
}

#[test]
fn a_server_without_tls_is_refused_and_no_plain_connection_is_made_in_its_place() {
    let database = hokusai_testkit::TestDatabase::new(hokusai_testkit::Backend::Postgres);
    let (url, prefix) = database.postgres().unwrap();
    let url = format!(
        "{url}?sslmode=verify-full&sslrootcert={}",
        SERVER.authority().display()
    );
    let said = refusal(PostgresLocation::new(url, prefix));
    assert!(said.contains("server does not support TLS"), "{said}");
}

#[test]
fn a_plain_connection_beyond_loopback_is_refused_before_anything_is_sent() {
    let url = "postgres://hokusai:canary@192.0.2.1:5432/postgres?sslmode=disable";
    let said = refusal(PostgresLocation::new(url, "t_"));
    assert!(
        said.contains("in clear") && !said.contains("canary"),
        "{said}"
    );
}

#[tokio::test]
async fn a_server_that_may_lose_writes_is_told_of_and_commits_wait_for_its_disk_all_the_same() {
    static MODE: Statement = Statement::new(
        Schema::Auth,
        "MODE",
        "SELECT current_setting('synchronous_commit')",
    );
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .init();
    let url = format!(
        "{}?options=-c%20synchronous_commit%3Doff",
        SERVER.plain_url()
    );
    let store = open(options(PostgresLocation::new(url, "lax_"))).await;
    for _ in 0..2 {
        let mode: Result<String, StoreError> =
            store.write(|tx| tx.query_one(&MODE, &[])?.text(0)).await;
        assert_eq!(mode.unwrap(), "on");
    }
    close(store).await;
    let said = log.text();
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let warnings = said
            .lines()
            .filter(|line| line.contains("WARN") && line.contains(&format!("`{setting} = off`")));
        assert!(warnings.count() > 0, "{setting}: {said}");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
