//! The files to upload: one file, or all below a directory.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hokusai_core::artifact_path::ArtifactPath;

use crate::exit::Failure;

/// A file to upload.
pub(super) struct LocalFile {
    /// Where it is here.
    pub(super) from: PathBuf,
    /// Where it goes, relative to the model.
    pub(super) to: ArtifactPath,
    /// Bytes.
    pub(super) size_bytes: u64,
}

/// Finds the files, sorted. Links are refused: what they point at may not be meant to leave this machine.
pub(super) fn files(path: &Path) -> anyhow::Result<Vec<LocalFile>> {
    let mut found = Vec::new();
    let about =
        std::fs::metadata(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    if about.is_dir() {
        walk(path, "", &mut found)?;
    } else {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        found.push(file(path, name, about.len())?);
    }
    if found.is_empty() {
        return Err(Failure::usage(
            format!("`{}` holds no file", path.display()),
            "give the model's file, or the directory that holds it",
        ));
    }
    found.sort_by(|a, b| a.to.cmp(&b.to));
    Ok(found)
}

fn walk(directory: &Path, prefix: &str, found: &mut Vec<LocalFile>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(directory)
        .with_context(|| format!("cannot read `{}`", directory.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name
            .to_str()
            .with_context(|| format!("`{}` is not UTF-8", path.display()))?;
        let to = if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}/{name}")
        };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&path, &to, found)?;
        } else if kind.is_file() {
            found.push(file(&path, &to, entry.metadata()?.len())?);
        } else {
            return Err(Failure::usage(
                format!("`{}` is a link or a device", path.display()),
                "put the file itself there",
            ));
        }
    }
    Ok(())
}

fn file(from: &Path, to: &str, size_bytes: u64) -> anyhow::Result<LocalFile> {
    let to = to
        .parse()
        .with_context(|| format!("the name of `{}` can't be stored", from.display()))?;
    Ok(LocalFile {
        from: from.to_owned(),
        to,
        size_bytes,
    })
}
