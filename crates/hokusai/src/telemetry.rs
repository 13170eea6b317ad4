//! Logs: for people on a terminal, JSON otherwise; always to stderr.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Starts logging, warnings only if `quiet`; `HOKUSAI_LOG` filters as `RUST_LOG` does elsewhere.
pub(crate) fn start(quiet: bool) {
    let filter = EnvFilter::try_from_env("HOKUSAI_LOG")
        .unwrap_or_else(|_| EnvFilter::new(if quiet { "warn" } else { "info" }));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start (in a test) keeps the first.
    let _ = if std::io::stderr().is_terminal() {
        builder.with_target(false).try_init()
    } else {
        builder.json().try_init()
    };
}
