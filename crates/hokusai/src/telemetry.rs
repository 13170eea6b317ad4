//! Logs: for people on a terminal, JSON otherwise; always to stderr.

use std::io::{self, IsTerminal as _, Write};

use tracing_subscriber::EnvFilter;

/// Starts logging, warnings only if `quiet`; `HOKUSAI_LOG` filters as `RUST_LOG` does elsewhere.
pub(crate) fn start(quiet: bool) {
    let filter = EnvFilter::try_from_env("HOKUSAI_LOG")
        .unwrap_or_else(|_| EnvFilter::new(if quiet { "warn" } else { "info" }));
    let filter = SILENCED
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Careless(io::stderr()));
    // A second start (in a test) keeps the first.
    let _ = if std::io::stderr().is_terminal() {
        builder.with_target(false).try_init()
    } else {
        builder.json().try_init()
    };
}

/// The PostgreSQL driver would log the parameters of each statement: what users stored, and hashes of keys. No filter brings that back.
const SILENCED: [&str; 2] = ["tokio_postgres=info", "tokio_postgres::query=info"];

/// Loses what can't be written. A log on a full disk, or one that nobody reads any more, must not end the thread that logs, and
/// complaining about it on the same stream would panic.
struct Careless<W>(W);

impl<W: Write> Write for Careless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The line goes as a whole or is lost: half of one would spoil the next.
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}
