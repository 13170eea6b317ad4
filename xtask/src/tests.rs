//! `cargo xtask test`: every test there is. Rust's first, then the real MLflow client and a real MLflow server against the binary.

use std::process::Command;

use anyhow::{Context as _, ensure};

/// Runs all tests; the first failing step ends it.
pub(crate) fn run() -> anyhow::Result<()> {
    step("cargo", &["build", "--locked", "--package", "hokusai"])?;
    step("cargo", &["test", "--locked", "--workspace"])?;
    step("conformance/run", &[])
}

fn step(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    println!("$ {program} {}", arguments.join(" "));
    let status = Command::new(program)
        .args(arguments)
        .status()
        .with_context(|| format!("`{program}` could not be started"))?;
    ensure!(
        status.success(),
        "`{program} {}` failed: {status}",
        arguments.join(" ")
    );
    Ok(())
}
