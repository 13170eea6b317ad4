//! `cargo xtask check-layers`: the crates use each other as the table says, and in no other way.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;

/// Which of our crates each crate may use. ARCHITECTURE.md shows the same table.
const TABLE: &[(&str, &[&str])] = &[
    ("hokusai-core", &[]),
    ("hokusai-routes", &[]),
    ("hokusai-wire", &[]),
    ("hokusai-store", &["hokusai-core"]),
    ("hokusai-artifacts", &["hokusai-core"]),
    (
        "hokusai-server",
        &[
            "hokusai-artifacts",
            "hokusai-core",
            "hokusai-store",
            "hokusai-wire",
        ],
    ),
    ("hokusai-frontdoor", &["hokusai-routes", "hokusai-wire"]),
    ("hokusai-migrate", &["hokusai-core", "hokusai-routes"]),
    ("hokusai-s3-server", &[]),
    ("hokusai-testkit", &["hokusai-store"]),
    ("hokusai-verify", &["hokusai-core", "hokusai-routes"]),
    (
        "hokusai",
        &[
            "hokusai-artifacts",
            "hokusai-core",
            "hokusai-frontdoor",
            "hokusai-migrate",
            "hokusai-routes",
            "hokusai-server",
            "hokusai-store",
            "hokusai-verify",
            "hokusai-wire",
        ],
    ),
    ("hokusai-aws", &[]),
    ("hokusai-bench-load", &[]),
    ("xtask", &[]),
];

/// Pure crates do no IO: none of these may be among their direct dependencies.
const IMPURE: [&str; 6] = ["tokio", "axum", "hyper", "reqwest", "rusqlite", "getrandom"];
const PURE: [&str; 2] = ["hokusai-core", "hokusai-routes"];

/// Compares the real graph with the table.
pub(crate) fn check() -> anyhow::Result<()> {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--locked", "--format-version", "1"])
        .output()?;
    anyhow::ensure!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let uses = direct_uses(&metadata)?;
    let faults = faults(&uses);
    if faults.is_empty() {
        println!(
            "layers: {} crates use each other as the table says",
            uses.len()
        );
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

/// Dependencies of each crate, those for tests and builds left out.
fn direct_uses(metadata: &Value) -> anyhow::Result<BTreeMap<String, BTreeSet<String>>> {
    let packages = metadata
        .get("packages")
        .and_then(Value::as_array)
        .context("no packages")?;
    packages
        .iter()
        .map(|package| {
            let name = package
                .get("name")
                .and_then(Value::as_str)
                .context("a package without a name")?;
            let dependencies = package
                .get("dependencies")
                .and_then(Value::as_array)
                .context("no dependencies")?;
            let normal = dependencies
                .iter()
                .filter(|dependency| dependency.get("kind").is_none_or(Value::is_null))
                .filter_map(|dependency| dependency.get("name").and_then(Value::as_str))
                .map(str::to_owned)
                .collect();
            Ok((name.to_owned(), normal))
        })
        .collect()
}

fn faults(uses: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, dependencies) in uses {
        let Some((_, allowed)) = TABLE.iter().find(|(known, _)| known == name) else {
            faults.push(format!("{name} is not in the table of layers"));
            continue;
        };
        for used in dependencies {
            let is_ours = used == "hokusai" || used.starts_with("hokusai-");
            if is_ours && !allowed.contains(&used.as_str()) {
                faults.push(format!(
                    "{name} uses {used}, which the table of layers does not allow"
                ));
            }
            if PURE.contains(&name.as_str()) && IMPURE.contains(&used.as_str()) {
                faults.push(format!("{name} is pure and uses {used}"));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(name: &str, used: &str) -> BTreeMap<String, BTreeSet<String>> {
        BTreeMap::from([(name.to_owned(), BTreeSet::from([used.to_owned()]))])
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_a_fault() {
        assert_eq!(faults(&uses("hokusai-store", "hokusai-server")).len(), 1);
        assert_eq!(faults(&uses("hokusai-core", "tokio")).len(), 1);
        assert_eq!(faults(&uses("hokusai-new", "serde")).len(), 1);
        assert!(faults(&uses("hokusai-store", "hokusai-core")).is_empty());
    }
}
