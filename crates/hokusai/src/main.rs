//! The `hokusai` binary: command line, configuration, telemetry, wiring.

mod commands;
mod config;
mod exit;
mod system;
mod telemetry;

use std::process::ExitCode;

fn main() -> ExitCode {
    end_quietly_when_nobody_reads();
    let line: Vec<_> = std::env::args_os().collect();
    // One crypto provider for everything, installed once (DESIGN §4.9); a second call would be a bug, and is harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match commands::run(&line) {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error).into(),
    }
}

/// `hokusai … | head` must not end in a backtrace: `println!` and the writer of completions panic when their reader is
/// gone, and that is no fault of ours.
fn end_quietly_when_nobody_reads() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let said = panic.payload().downcast_ref::<String>();
        if said.is_some_and(|text| text.contains("Broken pipe") || text.contains("BrokenPipe")) {
            std::process::exit(exit::Exit::Fine as i32);
        }
        report(panic);
    }));
}
