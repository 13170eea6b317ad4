//! The `hokusai` binary: command line, configuration, telemetry, wiring.

mod commands;
mod config;
mod exit;
mod system;
mod telemetry;

use std::process::ExitCode;

fn main() -> ExitCode {
    let line: Vec<_> = std::env::args_os().collect();
    // One crypto provider for everything, installed once (DESIGN §4.9); a second call would be a bug, and is harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match commands::run(&line) {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error).into(),
    }
}
