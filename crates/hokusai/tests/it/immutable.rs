//! Security 11: what an alias leads to stays as it was registered, whoever else may write.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reqwest::Method;
use serde_json::{Value, json};

use crate::process::{Server, ask, client, mint, read_key};

const ANY: &str = "127.0.0.1:0";

struct Registered {
    folder: tempfile::TempDir,
    server: Server,
    admin: String,
    /// Below the artifact routes.
    path: String,
}

impl Registered {
    /// A server with a model of one file, registered by its first key and behind the alias `champion`.
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).display().to_string();
        let (data, first) = (place("data"), place("first"));
        let arguments = [
            "--auth-listen",
            ANY,
            "--registry-listen",
            ANY,
            "--data-dir",
            &data,
            "--bootstrap-key-file",
            &first,
        ];
        let server = Server::start(folder.path(), &arguments, 2);
        let admin = read_key(Path::new(&first));
        let mut it = Self {
            folder,
            server,
            admin,
            path: String::new(),
        };
        let run = it.call("runs/create", json!({"experiment_id": "0"})).await;
        let run = run["run"]["info"]["run_id"].as_str().unwrap().to_owned();
        it.path = format!("0/{run}/artifacts/model");
        let key = it.admin.clone();
        assert_eq!(it.artifact(Method::PUT, "", "weights.bin", &key).await, 200);
        it.call("registered-models/create", json!({"name": "churn"}))
            .await;
        let source = format!("mlflow-artifacts:/{}", it.path);
        let version = json!({"name": "churn", "source": source, "run_id": run});
        it.call("model-versions/create", version).await;
        let alias = json!({"name": "churn", "alias": "champion", "version": "1"});
        it.call("registered-models/alias", alias).await;
        it
    }

    async fn call(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/api/2.0/mlflow/{path}", self.server.url("registry"));
        let answer = ask(Method::POST, &url, &self.admin, Some(body)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Asks an artifact route below the model; the status.
    async fn artifact(&self, method: Method, route: &str, name: &str, key: &str) -> u16 {
        let base = format!("{}/api/2.0/mlflow-artifacts", self.server.url("registry"));
        let url = match route {
            "" => format!("{base}/artifacts/{}/{name}", self.path),
            route => format!("{base}/{route}/{}/{name}", self.path),
        };
        let sent = client().request(method, url).bearer_auth(key).body("data");
        sent.send().await.unwrap().status().as_u16()
    }

    fn on_disk(&self) -> PathBuf {
        let below = format!("data/artifacts/files/{}/weights.bin", self.path);
        self.folder.path().join(below)
    }

    fn download(&self, to: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hokusai"))
            .env_clear()
            .env("HOKUSAI_API_KEY", &self.admin)
            .args(["model", "download", "churn@champion", "--output"])
            .arg(self.folder.path().join(to))
            .args(["--registry-url", self.server.url("registry")])
            .output()
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn security_11_a_second_writer_changes_nothing_behind_an_alias() {
    let it = Registered::start().await;
    let second = json!({"name": "second", "user_id": "bob", "scopes": ["model:write"]});
    let (second, _) = mint(it.server.url("auth"), &it.admin, second).await;
    for (method, route, name) in [
        (Method::PUT, "", "weights.bin"),
        (Method::PUT, "", "added.py"),
        (Method::DELETE, "", "weights.bin"),
        (Method::POST, "mpu/create", "weights.bin"),
        (Method::POST, "mpu/complete", "weights.bin"),
        (Method::POST, "mpu/abort", "weights.bin"),
    ] {
        let status = it.artifact(method.clone(), route, name, &second).await;
        let is_refused = (400..500).contains(&status) || status == 501;
        assert!(is_refused, "{method} {route} {name}: {status}");
    }
    let url = format!(
        "{}/api/2.0/mlflow-artifacts/artifacts/{}",
        it.server.url("registry"),
        it.path
    );
    let gone = client().delete(url).bearer_auth(&second);
    assert!(gone.send().await.unwrap().status().is_client_error());
    assert_eq!(std::fs::read(it.on_disk()).unwrap(), b"data");
    let folder = it.on_disk().parent().unwrap().to_owned();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
    let whole = it.download("whole");
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn security_11_a_byte_that_changed_on_disk_makes_the_download_fail() {
    let it = Registered::start().await;
    std::fs::write(it.on_disk(), b"datA").unwrap();
    let refused = it.download("changed");
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("weights.bin"), "{said}");
    assert!(!it.folder.path().join("changed").exists());
}
