//! `cargo xtask gen`: writes the generated files of `docs/` again. Tests of the crates that they are made from fail when one is stale.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::{findings, limits};

/// Each file, and the arguments of `hokusai` that print it.
const FILES: &[(&str, &[&str])] = &[
    ("docs/openapi/auth.json", &["openapi", "auth"]),
    ("docs/openapi/registry.json", &["openapi", "registry"]),
];

/// Writes all of them.
pub(crate) fn run() -> anyhow::Result<()> {
    for (path, arguments) in FILES {
        let output = Command::new("cargo")
            .args(["run", "--locked", "--quiet", "--package", "hokusai", "--"])
            .args(*arguments)
            .output()
            .context("cargo could not be started")?;
        ensure!(
            output.status.success(),
            "hokusai {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        let path = Path::new(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, output.stdout)?;
        println!("wrote {}", path.display());
    }
    std::fs::write(findings::PAGE, findings::page(Path::new("."))?)?;
    println!("wrote {}", findings::PAGE);
    let page = limits::page(Path::new("."))?;
    if let Some(row) = limits::unexplained(&page) {
        bail!("a limit needs a doc comment that says why: {row}");
    }
    std::fs::write(limits::PAGE, page)?;
    println!("wrote {}", limits::PAGE);
    Ok(())
}
