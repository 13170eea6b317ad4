//! Tables from files.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hokusai_routes::reader::{self, Reading};
use hokusai_routes::source::Source;

use super::render;
use crate::exit::Failure;

/// Reads several files into one table.
pub(super) fn read(files: &[PathBuf]) -> anyhow::Result<Reading> {
    let mut whole = Reading::default();
    for (id, file) in (0..).zip(files) {
        let reading = reader::toml::read(&source(id, file)?);
        whole.table.merge(reading.table);
        whole.findings.extend(reading.findings);
    }
    Ok(whole)
}

/// Reads one file, of which everything must be understood.
pub(super) fn read_all_of(file: &Path) -> anyhow::Result<Reading> {
    let reading = read(&[file.to_owned()])?;
    if reading.is_complete() {
        return Ok(reading);
    }
    for finding in &reading.findings {
        eprint!("{}", render::finding(finding, &reading.table));
    }
    Err(Failure::usage(
        format!("not all of {} was understood", file.display()),
        "correct what is shown above",
    ))
}

fn source(id: u32, file: &Path) -> anyhow::Result<Source> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("could not read {name}"))?;
    Ok(Source::new(id, name, text))
}
