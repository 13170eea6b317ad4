//! `hokusai serve` with a front door, and `hokusai front-door`.

use std::time::Duration;

use serde_json::Value;

use crate::served::Served;

const ROUTES: &str = r#"
[[listener]]
name = "main"
protocol = "http"
port = 80
default = { respond = 404 }
[[listener.rule]]
name = "auth"
priority = 10
host = "auth.test"
forward = "auth"
[[listener.rule]]
name = "registry"
priority = 20
host = "registry.test"
forward = "registry"
[target_group.auth]
targets = ["service:auth"]
health = { path = "/health" }
[target_group.registry]
targets = ["service:registry"]
health = { path = "/health" }
[intent."auth.test"]
may = ["auth"]
[intent."registry.test"]
may = ["registry"]
[intent."*"]
may = []
"#;

fn status(served: &Served) -> Value {
    let output = served.front_door(&["status", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn until_revision(served: &Served, revision: u64) {
    for _ in 0..500 {
        if status(served)["revision"] == revision {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(status(served)["revision"], revision);
}

/// The answer of a host's service, or of the door.
fn answered_by(served: &Served, host: &str) -> String {
    let answer = served.ask("main", host, "GET", "/health", "");
    let line = answer
        .lines()
        .find(|line| line.to_lowercase().starts_with("x-hokusai-answered-by:"));
    line.unwrap().split(": ").nth(1).unwrap().to_owned()
}

#[test]
fn each_host_reaches_its_service_in_the_same_process() {
    let served = Served::start(ROUTES, &[]);
    assert_eq!(answered_by(&served, "auth.test"), "auth");
    assert_eq!(answered_by(&served, "registry.test"), "registry");
    assert_eq!(answered_by(&served, "other.test"), "front-door");
    let search = "/api/2.0/mlflow/experiments/search";
    let found = served.ask(
        "main",
        "registry.test",
        "POST",
        search,
        "{\"max_results\": 1}",
    );
    assert!(
        found.starts_with("HTTP/1.1 200 ") && found.contains("Default"),
        "{found}"
    );
    // Pages of other sites are as little welcome as at the service's own listener.
    let page = served.exchange("main", "GET /health HTTP/1.1\r\nHost: registry.test\r\nOrigin: http://evil.test\r\nConnection: close\r\n\r\n");
    assert!(page.starts_with("HTTP/1.1 403 "), "{page}");
}

#[test]
fn a_hangup_reads_the_rules_again_and_a_promise_is_not_broken() {
    let served = Served::start(ROUTES, &[]);
    let routes = served.file("routes.toml");
    std::fs::write(&routes, ROUTES.replace("respond = 404", "respond = 410")).unwrap();
    served.signal("-HUP");
    until_revision(&served, 2);
    std::fs::write(
        &routes,
        ROUTES.replace(
            "host = \"auth.test\"\nforward = \"auth\"",
            "host = \"auth.test\"\nforward = \"registry\"",
        ),
    )
    .unwrap();
    let refused = served.front_door(&["reload"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains("error:") && told.contains("auth.test") && told.contains("hint:"),
        "{told}"
    );
    assert_eq!(status(&served)["revision"], 2);
    assert_eq!(answered_by(&served, "auth.test"), "auth");
}

#[test]
fn a_second_table_is_loaded_weighed_promoted_and_taken_back() {
    let served = Served::start(ROUTES, &[]);
    let next = served.file("next.toml");
    std::fs::write(&next, ROUTES.replace("respond = 404", "respond = 410")).unwrap();
    let run = |arguments: &[&str]| {
        let output = served.front_door(arguments);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    };
    let other = || served.ask("main", "other.test", "GET", "/", "");
    run(&["load-next", next.to_str().unwrap()]);
    assert!(other().starts_with("HTTP/1.1 404 "));
    run(&["weights", "--next", "100"]);
    assert!(other().starts_with("HTTP/1.1 410 "));
    run(&["promote", "--if-revision", "3"]);
    assert_eq!(status(&served)["current"]["name"], next.to_str().unwrap());
    run(&["rollback"]);
    assert!(other().starts_with("HTTP/1.1 404 "));
    let again = served.front_door(&["rollback"]);
    assert_eq!(again.status.code(), Some(1), "{again:?}");
}

#[test]
fn the_admin_address_asks_for_its_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let served = Served::start(ROUTES, &[]);
    let ask = |line: &str| {
        let request = format!(
            "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n{line}Connection: close\r\n\r\n"
        );
        served.exchange("front-door-admin", &request)
    };
    for line in ["", "Authorization: Bearer wrong\r\n"] {
        let answer = ask(line);
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    }
    let file = served.file("data").join("front-door-admin.key");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let key = std::fs::read_to_string(file).unwrap();
    let answer = ask(&format!("Authorization: Bearer {}\r\n", key.trim()));
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"revision\":1"),
        "{answer}"
    );
}

#[test]
fn a_table_that_is_not_proven_does_not_start() {
    let directory = tempfile::tempdir().unwrap();
    let routes = directory.path().join("routes.toml");
    let (bare, _) = ROUTES.split_once("[intent").unwrap();
    std::fs::write(&routes, bare).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_hokusai"))
        .env_clear()
        .current_dir(directory.path())
        .args(["serve", "front-door", "--routes", "routes.toml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("not proven") && told.contains("--accept-unproven"),
        "{told}"
    );
}
