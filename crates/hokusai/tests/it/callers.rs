//! Security 4 and 13: whose request it is, and which pages and names are admitted, at a real listener.

use std::path::Path;

use reqwest::Method;
use serde_json::json;

use crate::process::{Server, client, mint, read_key};

const ANY: &str = "127.0.0.1:0";
const SEARCH: &str = "/api/2.0/mlflow/experiments/search?max_results=1";

fn place(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn security_4_the_client_s_address_decides_also_when_the_verdict_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (place(folder.path(), "data"), place(folder.path(), "first"));
    let mut auth = Server::start(
        folder.path(),
        &[
            "auth",
            "--auth-listen",
            ANY,
            "--data-dir",
            &data,
            "--bootstrap-key-file",
            &file,
        ],
        1,
    );
    let admin = read_key(Path::new(&file));
    let (credential, _) = mint(
        auth.url("auth"),
        &admin,
        json!({"name": "registry", "scopes": ["keys:validate"]}),
    )
    .await;
    let key_file = place(folder.path(), "registry.key");
    std::fs::write(&key_file, credential).unwrap();
    let other = place(folder.path(), "other");
    let registry = Server::start(
        folder.path(),
        &[
            "registry",
            "--registry-listen",
            ANY,
            "--data-dir",
            &other,
            "--auth-url",
            auth.url("auth"),
            "--auth-key-file",
            &key_file,
            "--trusted-proxy",
            "127.0.0.1/32",
        ],
        1,
    );
    let body = json!({"name": "bound", "scopes": ["model:read"], "allowed_ips": ["1.2.3.4", "2001:db8::/32"]});
    let (key, _) = mint(auth.url("auth"), &admin, body).await;
    let table: &[(&[&str], u16)] = &[
        (&["1.2.3.4"], 200),
        (&["::ffff:1.2.3.4"], 200),
        (&["1.2.3.4:5678"], 200),
        (&["[2001:db8::1]:443"], 200),
        (&["6.6.6.6, 1.2.3.4"], 200),
        (&["6.6.6.6", "1.2.3.4"], 200),
        (&["garbage, 1.2.3.4"], 200),
        (&["1.2.3.4, 6.6.6.6"], 403),
        (&["1.2.3.4", "6.6.6.6"], 403),
        (&["1.2.3.4, garbage"], 403),
        (&["garbage"], 403),
        (&[""], 403),
        (&[], 403),
    ];
    let ask_all = async |table: &[(&[&str], u16)], when: &str| {
        for (lines, status) in table {
            let mut request = client()
                .get(format!("{}{SEARCH}", registry.url("registry")))
                .bearer_auth(&key);
            for line in *lines {
                request = request.header("x-forwarded-for", *line);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status().as_u16(), *status, "{lines:?} {when}");
        }
    };
    ask_all(table, "as the auth service says").await;
    // From a peer that is no proxy the header says nothing.
    let body = json!({"name": "home", "scopes": ["model:read"], "allowed_ips": ["127.0.0.1"]});
    let (home, _) = mint(auth.url("auth"), &admin, body).await;
    let keys = format!("{}/api/v1/keys", auth.url("auth"));
    for (key, status) in [(&home, 200), (&key, 403)] {
        let answer = client()
            .get(&keys)
            .bearer_auth(key)
            .header("x-forwarded-for", "1.2.3.4")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), status);
    }
    // An accepted key is remembered. Then nobody is left to ask: every answer is the registry's own, from what it remembers.
    ask_all(&[(&["1.2.3.4"], 200)], "once more").await;
    auth.kill();
    ask_all(table, "from memory").await;
}

/// What another site's page, a rebound name or a proxy in front sends.
const FOREIGN: &[&[(&str, &str)]] = &[
    &[("host", "rebound.example.com")],
    &[("host", "192.168.0.7:5000")],
    &[("origin", "http://127.0.0.1:1")],
    &[("origin", "https://evil.example.com")],
    &[("origin", "null")],
    &[("sec-fetch-site", "cross-site")],
    &[("x-forwarded-for", "1.2.3.4")],
    &[("forwarded", "for=1.2.3.4")],
    &[("x-real-ip", "1.2.3.4")],
    &[("via", "1.1 proxy")],
];

#[tokio::test(flavor = "multi_thread")]
async fn security_13_without_keys_no_other_page_name_or_proxy_reads_or_writes() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (place(folder.path(), "data"), place(folder.path(), "first"));
    let server = Server::start(
        folder.path(),
        &[
            "--no-auth",
            "--auth-listen",
            ANY,
            "--registry-listen",
            ANY,
            "--data-dir",
            &data,
            "--bootstrap-key-file",
            &file,
        ],
        2,
    );
    let search = format!("{}{SEARCH}", server.url("registry"));
    let create = format!(
        "{}/api/2.0/mlflow/experiments/create",
        server.url("registry")
    );
    assert_eq!(client().get(&search).send().await.unwrap().status(), 200);
    for headers in FOREIGN {
        for (method, url) in [(Method::GET, &search), (Method::POST, &create)] {
            let mut request = client().request(method.clone(), url);
            for (name, value) in *headers {
                request = request.header(*name, *value);
            }
            if method == Method::POST {
                request = request.json(&json!({"name": "planted"}));
            }
            let answer = request.send().await.unwrap();
            assert!(
                answer
                    .headers()
                    .get("access-control-allow-origin")
                    .is_none()
            );
            assert!(
                [400, 403, 421].contains(&answer.status().as_u16()),
                "{method} {headers:?}: {}",
                answer.status()
            );
        }
    }
    // A form of another page: no preflight, and no JSON content type.
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let form = client()
            .post(&create)
            .header("content-type", content_type)
            .body("{\"name\": \"planted\"}");
        assert_eq!(form.send().await.unwrap().status(), 400, "{content_type}");
    }
    let preflight = client()
        .request(Method::OPTIONS, &create)
        .header("origin", "https://evil.example.com")
        .header("access-control-request-method", "POST");
    let answer = preflight.send().await.unwrap();
    assert!(
        !answer.status().is_success()
            && answer
                .headers()
                .get("access-control-allow-origin")
                .is_none()
    );
    for path in ["/health", "/live", "/ready", "/version"] {
        let probe = client()
            .get(format!("{}{path}", server.url("registry")))
            .header("host", "10.0.0.7:5000");
        assert_eq!(
            probe.send().await.unwrap().status(),
            200,
            "a balancer probes {path}"
        );
    }
    for path in ["/api/v1/keys", "/api/v1/audit", "/api/v1/usage/aggregate"] {
        let closed = client()
            .get(format!("{}{path}", server.url("auth")))
            .send()
            .await
            .unwrap();
        assert_eq!(closed.status(), 401, "{path}");
    }
    let kept = client().get(format!(
        "{}/api/2.0/mlflow/experiments/search?max_results=10",
        server.url("registry")
    ));
    let text = kept.send().await.unwrap().text().await.unwrap();
    assert!(!text.contains("planted"), "{text}");
}
