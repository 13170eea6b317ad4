//! `docs/limits.md`, made of the named constants that bound what clients may send and of their doc comments, which give the reasons.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Where the page is.
pub(crate) const PAGE: &str = "docs/limits.md";

/// A part of the page: its title, and the folders and files whose constants stand in it; the first part that names a file has it.
const PARTS: &[(&str, &[&str])] = &[
    ("Every listener", &["crates/wire/src"]),
    (
        "Bodies and messages of both services",
        &[
            "crates/server/src/body.rs",
            "crates/server/src/error.rs",
            "crates/server/src/routing.rs",
            "crates/server/src/audit.rs",
        ],
    ),
    (
        "Auth service",
        &[
            "crates/server/src/auth",
            "crates/core/src/key",
            "crates/core/src/usage.rs",
        ],
    ),
    (
        "A registry that asks the auth service",
        &[
            "crates/server/src/authority",
            "crates/server/src/outbound.rs",
        ],
    ),
    (
        "Registry",
        &[
            "crates/core/src",
            "crates/server/src/mlflow",
            "crates/server/src/registry",
        ],
    ),
    ("Artifacts", &["crates/artifacts/src"]),
    ("Databases", &["crates/store/src"]),
    ("Front door", &["crates/frontdoor/src"]),
];

/// The page, for the repository at `root`.
pub(crate) fn page(root: &Path) -> anyhow::Result<String> {
    let mut page = HEAD.to_owned();
    let mut seen: Vec<PathBuf> = Vec::new();
    for (title, places) in PARTS {
        write!(
            page,
            "\n## {title}\n\n| limit | why | where |\n| --- | --- | --- |\n"
        )?;
        for place in *places {
            let mut files = Vec::new();
            sources(&root.join(place), &mut files)?;
            files.sort();
            files.retain(|file| !seen.contains(file));
            for file in &files {
                let shown = file.strip_prefix(root)?.display().to_string();
                let shown = shown.trim_start_matches("crates/");
                for limit in limits(&fs::read_to_string(file)?) {
                    let Limit {
                        name,
                        value,
                        reason,
                    } = limit;
                    writeln!(page, "| `{name}` = `{value}` | {reason} | `{shown}` |")?;
                }
            }
            seen.extend(files);
        }
    }
    Ok(page)
}

/// A row without a reason.
pub(crate) fn unexplained(page: &str) -> Option<&str> {
    page.lines().find(|line| line.contains(" |  | "))
}

fn sources(place: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if place.is_file() {
        files.push(place.to_owned());
        return Ok(());
    }
    let entries = fs::read_dir(place).with_context(|| format!("{} is missing", place.display()))?;
    for entry in entries {
        let path = entry?.path();
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        if path.is_dir() || is_source && !path.ends_with("tests.rs") {
            sources(&path, files)?;
        }
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Limit {
    name: String,
    value: String,
    reason: String,
}

/// The constants of a source that are limits, by their names or their type.
fn limits(source: &str) -> Vec<Limit> {
    let source = source.split("#[cfg(test)]").next().unwrap_or(source);
    let mut found = Vec::new();
    let mut reason: Vec<&str> = Vec::new();
    let mut lines = source.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if let Some(said) = line.strip_prefix("///") {
            reason.push(said.trim());
            continue;
        }
        if line.starts_with("#[") {
            continue;
        }
        let mut statement = line.to_owned();
        while is_constant(&statement) && !statement.ends_with(';') {
            let Some(more) = lines.next() else { break };
            statement = format!("{statement} {more}");
        }
        if let Some((name, value)) = limit(&statement) {
            // A table's cell ends at a bar.
            let reason = reason.join(" ").replace('|', "\\|");
            // Links lead somewhere in Rust's documentation only.
            let reason = reason.replace("[`", "`").replace("`]", "`");
            found.push(Limit {
                name,
                value,
                reason,
            });
        }
        reason.clear();
    }
    found
}

fn is_constant(statement: &str) -> bool {
    [
        "const ",
        "pub const ",
        "pub(super) const ",
        "pub(crate) const ",
    ]
    .iter()
    .any(|start| statement.starts_with(start))
        && !statement.contains("fn ")
}

/// Name and value of a statement that declares a limit.
fn limit(statement: &str) -> Option<(String, String)> {
    if !is_constant(statement) {
        return None;
    }
    let (_, rest) = statement.split_once("const ")?;
    let (name, rest) = rest.split_once(": ")?;
    let (kind, value) = rest.trim_end_matches(';').split_once(" = ")?;
    let is_limit = kind == "TextLimit"
        || STARTS.iter().any(|start| name.starts_with(start))
        || ENDS.iter().any(|end| name.ends_with(end));
    let value = value
        .replace("most(", "")
        .replace(')', if kind == "TextLimit" { "" } else { ")" });
    (is_limit && kind != "&str").then(|| (name.to_owned(), value.trim_end_matches(',').to_owned()))
}

const STARTS: &[&str] = &["MAX_", "MOST_", "LEAST_", "LONGEST_"];
const ENDS: &[&str] = &[
    "_TIMEOUT",
    "_IDLE",
    "_CAPACITY",
    "_IN_FLIGHT",
    "DEADLINE",
    "DRAIN",
    "LINGER",
    "PACE",
    "_WAIT",
    "_SECONDS",
    "PATIENCE",
];

const HEAD: &str = "\
# Limits

Made by `cargo xtask gen` from the constants and their comments; edit there.

Everything that a client can send has a limit: what is beyond is refused with a 4xx that names the limit (503 or 507 where the server is full, and
the client may come back), and changes nothing. `crates/hokusai/tests/it/malformed/` sends over four hundred such requests to both services on both
databases. Texts are bounded in characters, in MLflow's words where MLflow has the limit. Not constants of ours: JSON is read to a depth of 127
(`serde_json`); a page of a search is as long as `max_results` says, up to the limits below; a key's own rate limit is whatever it was made with.

| who | may |
| --- | --- |
| sends a head slowly | take 15 s, then the connection is cut |
| sends a JSON body slowly | bring 15 KiB in each 15 s, or is refused with 400 |
| uploads slowly | bring 64 KiB in each minute, or is refused with 400 |
| reads an answer slowly, or is silent within a body | pause for a minute, then the connection is cut |
| is silent between two requests | keep the connection for 75 s, a tunnel for 10 min |
| has no key, or a bad one | be told so: no byte of the body is read, but for 16 KiB by `validate`; and make a line of the audit log a minute and address |
";

#[cfg(test)]
mod tests {
    use super::*;

    /// What is new is added by the next `cargo xtask gen`; what stands there must be true.
    #[test]
    fn what_the_page_says_is_what_the_constants_are() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let written = fs::read_to_string(root.join(PAGE)).expect("the page");
        let fresh = page(&root).expect("the constants");
        let stale: Vec<&str> = written
            .lines()
            .filter(|line| !fresh.lines().any(|fresh| fresh == *line))
            .collect();
        assert!(stale.is_empty(), "run `cargo xtask gen`: {stale:#?}");
        let rows = written.lines().filter(|line| line.starts_with("| `"));
        assert!(rows.count() > 100);
    }

    #[test]
    fn a_limit_has_a_name_a_value_and_a_reason() {
        let source = "/// A\n/// b.\npub const MOST_X: usize =\n    5 * 2;\n\n/// No limit.\nconst OTHER: u8 = 1;\nconst MAX_Y: u8 = 1;";
        let found = limits(source);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].name, "MOST_X");
        assert_eq!(found[0].value, "5 * 2");
        assert_eq!(found[0].reason, "A b.");
        assert_eq!(found[1].reason, "");
    }
}
