//! `docs/findings.md`, made of the doc comments of the findings and of the tables that trigger them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};

/// Where the page is.
pub(crate) const PAGE: &str = "docs/findings.md";

/// The page, for the repository at `root`.
pub(crate) fn page(root: &Path) -> anyhow::Result<String> {
    let folder = root.join("crates/routes/src/findings");
    let mut manuals = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            manuals.extend(manual(&fs::read_to_string(&path)?));
        }
    }
    manuals.sort();
    ensure!(!manuals.is_empty(), "no findings in {}", folder.display());
    let mut page = HEAD.to_owned();
    for (code, text) in manuals {
        let fixture = folder.join(format!("fixtures/{code}.toml"));
        let table = fs::read_to_string(&fixture)
            .with_context(|| format!("{} is missing", fixture.display()))?;
        write!(
            page,
            "\n{text}\nA table with it, and what is said about it:\n\n```toml\n{table}```\n"
        )?;
    }
    Ok(page)
}

/// Code and manual page of a file whose first line is `//! # R001: …`.
fn manual(source: &str) -> Option<(String, String)> {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let lines: Vec<&str> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let code = lines.first()?.strip_prefix("# ")?.split(':').next()?;
    let is_code = code.len() == 4 && code.starts_with('R');
    is_code.then(|| (code.to_owned(), format!("#{}\n", lines.join("\n"))))
}

const HEAD: &str = "\
# Findings of `hokusai routes check`

Made by `cargo xtask gen` from `crates/routes/src/findings/`; edit there.

Errors and warnings end the command with 1, notes do not. A finding about requests shows a shortest one. A repair is only
shown when the table was asked again with it and the finding was gone, with no new failure; `hokusai routes fix` makes
those of errors and warnings. `S…` codes are about files that could not be read, `W001` about what another form can't
express.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_findings_say() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let written = fs::read_to_string(root.join(PAGE)).expect("the page");
        let is_current = written == page(&root).expect("the findings");
        assert!(is_current, "{PAGE} is stale: run `cargo xtask gen`");
    }

    #[test]
    fn a_file_without_a_code_is_no_manual() {
        assert_eq!(manual("//! Findings: one file each.\n"), None);
        let (code, text) = manual("//! # R001: a\n//!\n//! b\n\nuse x;").expect("a manual");
        assert_eq!(
            (code.as_str(), text.as_str()),
            ("R001", "## R001: a\n\nb\n")
        );
    }
}
