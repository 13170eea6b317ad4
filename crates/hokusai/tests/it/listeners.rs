//! One strictness everywhere (security 16): the ambiguity tables against the listeners of both services and the front door of a
//! real process. Behind each case stands a request that would leave a trace.

use crate::cases::REFUSED;
use crate::h2_cases::{REFUSED_H2, is_served};
use crate::served::{Served, request};

const ROUTES: &str = r#"
[[listener]]
name = "main"
protocol = "http"
port = 80
default = { respond = 404 }
[[listener.rule]]
name = "registry"
priority = 10
host = "a.test"
forward = "registry"
[target_group.registry]
targets = ["service:registry"]
health = { path = "/health" }
[intent."a.test"]
may = ["registry"]
[intent."*"]
may = []
"#;

/// Of each listener: a request that leaves a trace, and one that shows the traces.
const TRACES: [(&str, &str, &str, &str, &str); 3] = [
    ("auth", "/api/v1/keys", "GET", "/api/v1/keys", ""),
    (
        "registry",
        "/api/2.0/mlflow/experiments/create",
        "POST",
        "/api/2.0/mlflow/experiments/search",
        "{\"max_results\": 100}",
    ),
    (
        "main",
        "/api/2.0/mlflow/experiments/create",
        "POST",
        "/api/2.0/mlflow/experiments/search",
        "{\"max_results\": 100}",
    ),
];

#[test]
fn security_16_no_listener_serves_what_is_ambiguous_or_pipelined_behind_it() {
    let served = Served::start(ROUTES, &["--allowed-host", "a.test"]);
    for (listener, making, method, showing, asked) in TRACES {
        let trace = format!("{{\"name\": \"smuggled-at-{listener}\"}}");
        let second = request(&served.key(), "a.test", "POST", making, &trace);
        for (name, case, status) in REFUSED {
            let answer = served.exchange(listener, &format!("{case}{second}"));
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{listener}: {name}: {answer}"
            );
            assert_eq!(
                answer.matches("HTTP/1.1 ").count(),
                1,
                "{listener}: {name}: {answer}"
            );
        }
        let traces = || served.ask(listener, "a.test", method, showing, asked);
        let before = traces();
        assert!(before.starts_with("HTTP/1.1 200 "), "{listener}: {before}");
        assert!(
            !before.contains(&format!("smuggled-at-{listener}")),
            "{listener}: {before}"
        );
        // The same second request leaves its trace when nothing stands before it.
        served.exchange(listener, &second);
        let after = traces();
        assert!(
            after.contains(&format!("smuggled-at-{listener}")),
            "{listener}: {after}"
        );
    }
}

#[tokio::test]
async fn security_16_no_listener_serves_http2_tricks() {
    let served = Served::start(ROUTES, &["--allowed-host", "a.test"]);
    for (listener, address) in &served.addresses {
        if listener == "front-door-admin" {
            continue;
        }
        for case in REFUSED_H2 {
            assert!(
                !is_served(*address, case).await,
                "{listener}: {}",
                case.name
            );
        }
    }
}

/// Spoofed identities and addresses reach neither service's decision, directly or through the door (security 15).
#[test]
fn security_15_a_spoofed_identity_opens_nothing() {
    let served = Served::start(ROUTES, &["--allowed-host", "a.test"]);
    let spoofs = "X-Hokusai-User-Id: admin\r\nX-Forwarded-User: admin\r\nX-Forwarded-For: 127.0.0.1\r\nForwarded: for=127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\n";
    for (listener, path) in [
        ("auth", "/api/v1/keys"),
        (
            "registry",
            "/api/2.0/mlflow/experiments/search?max_results=1",
        ),
        ("main", "/api/2.0/mlflow/experiments/search?max_results=1"),
    ] {
        let answer = served.exchange(
            listener,
            &format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n{spoofs}Connection: close\r\n\r\n"),
        );
        assert!(answer.starts_with("HTTP/1.1 401 "), "{listener}: {answer}");
    }
}
