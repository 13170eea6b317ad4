//! `hokusai demo incident`, from the first timeout to the green report.

use std::process::Command;

use serde_json::Value;

#[test]
fn the_incident_is_diagnosed_repaired_and_ends_with_a_model_registered() {
    let reports = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_hokusai"))
        .args(["demo", "incident", "--json", "--reports"])
        .arg(reports.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["passed"], true);
    let read = |name: &str| std::fs::read_to_string(reports.path().join(name)).unwrap();

    let before = read("incident-before.md");
    assert!(before.starts_with("# Model Registration Test Report\n"));
    assert!(before.contains("**FAILED**") && before.contains("`hk_live_(masked)`"));
    let root = before.split("## Root Cause").nth(1).unwrap();
    assert!(root.contains("never through the front door: rule 100 `generic-api` (`/api*`) sends `POST auth.localhost/api/v1/keys/validate` to target group `registry-api`; no rule names `auth.localhost`"), "{root}");
    assert!(before.contains("| auth: API key validation | ❌ |"));

    let after = read("incident-after.md");
    assert!(after.contains("✅ **PASSED**"));
    assert!(after.contains("| registry: a whole model registration | ✅ |"));
    assert!(!after.contains('❌'));

    let check = |name: &str| {
        let file = reports.path().join(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_hokusai"));
        let output = command.args(["routes", "check"]).arg(file).output();
        output.unwrap().status.code()
    };
    assert_eq!(check("shared.toml"), Some(1));
    assert_eq!(check("repaired.toml"), Some(0));
}
