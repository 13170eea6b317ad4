//! `hokusai-aws`: what `hokusai` asks of AWS, as small commands that read and print JSON of AWS's own shape.
//!
//! A separate executable, since the SDK costs minutes of compile time that nobody else should pay. `hokusai migrate --cloud
//! aws` and `hokusai routes check --aws` run it as git runs its subcommands. It decides nothing: it reads pages to their end,
//! and changes exactly what it is told. It must not print credentials, and asks another endpoint than AWS's only when a
//! flag says so (security 23).
//!
//! To add a command: a variant in `command.rs` and a function in the file of its service.

mod command;
mod connection;
mod describe;
mod records;
mod shape;
mod targets;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = command::Arguments::parse();
    if let Some(code) = connection::without_configured_endpoints() {
        return code;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(command::run(&arguments)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(value) => {
            println!("{value:#}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("caused by: {cause}");
            }
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

/// As in `hokusai`: it could not run.
const COULD_NOT_RUN: u8 = 3;
