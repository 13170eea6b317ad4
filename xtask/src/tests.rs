//! `cargo xtask test [step…]`: every test there is, or the steps that are named.
//!
//! Rust's tests come first, then the suites that run the built binary beside real clients, servers and proxies. To add
//! a suite: a script that installs what it needs, and a line in [`STEPS`].

use std::process::Command;

use anyhow::{Context as _, bail, ensure};

struct Step {
    name: &'static str,
    command: &'static [&'static str],
}

const STEPS: &[Step] = &[
    Step {
        name: "rust",
        command: &["cargo", "test", "--locked", "--workspace"],
    },
    Step {
        name: "sarif",
        command: &["crates/hokusai/tests/sarif/run"],
    },
    Step {
        name: "proxy-oracle",
        command: &["crates/routes/examples/proxy_oracle/run"],
    },
    Step {
        name: "fuzz",
        command: &["fuzz/run", "20"],
    },
    Step {
        name: "conformance",
        command: &["conformance/run"],
    },
    Step {
        name: "openapi",
        command: &["conformance/openapi/run"],
    },
    Step {
        name: "power-cut",
        command: &["power-cut/run"],
    },
    Step {
        name: "outages",
        command: &["outages/run"],
    },
    Step {
        name: "faults",
        command: &["faults/run"],
    },
    Step {
        name: "report-page",
        command: &["faults/page/run"],
    },
    Step {
        name: "browser",
        command: &["crates/hokusai/tests/browser/run"],
    },
    Step {
        name: "weakened",
        command: &["weakened/run", "--check"],
    },
    Step {
        name: "rehearsal",
        command: &["rehearsal/run"],
    },
    Step {
        name: "terraform",
        command: &["deploy/terraform/check"],
    },
    Step {
        name: "deploy",
        command: &["deploy/check"],
    },
];

/// Runs the steps called `names`, or all; the first failing one ends it.
pub(crate) fn run(names: &[String]) -> anyhow::Result<()> {
    if let Some(unknown) = names
        .iter()
        .find(|name| STEPS.iter().all(|step| step.name != **name))
    {
        let known: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        bail!(
            "there is no test step `{unknown}`; the steps are {}",
            known.join(", ")
        );
    }
    execute(&[
        "cargo",
        "build",
        "--locked",
        "--package",
        "hokusai",
        "--package",
        "hokusai-aws",
        "--package",
        "hokusai-s3-server",
    ])?;
    STEPS
        .iter()
        .filter(|step| names.is_empty() || names.iter().any(|name| name == step.name))
        .try_for_each(|step| execute(step.command))
}

fn execute(command: &[&str]) -> anyhow::Result<()> {
    let [program, arguments @ ..] = command else {
        bail!("a step without a command");
    };
    println!("$ {}", command.join(" "));
    let status = Command::new(program)
        .args(arguments)
        .status()
        .with_context(|| format!("`{program}` could not be started"))?;
    ensure!(status.success(), "`{}` failed: {status}", command.join(" "));
    Ok(())
}
