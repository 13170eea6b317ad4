//! A server of both services with one of everything in it, and all that it keeps.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use hokusai_testkit::dump::{self, Tables};
use hokusai_testkit::{Backend, whole_postgres_database};
use serde_json::{Value, json};

use super::http::{Answer, exchange};
use super::table::{Row, expand};
use crate::process::{Server, read_key};

pub(super) struct World {
    server: Server,
    folder: tempfile::TempDir,
    database: Option<String>,
    admin: String,
    /// What the names in braces stand for.
    pub(super) names: BTreeMap<&'static str, String>,
}

/// What the databases and the artifact store hold.
#[derive(PartialEq)]
pub(super) struct Kept {
    tables: Tables,
    files: BTreeMap<String, Vec<u8>>,
}

impl World {
    pub(super) fn new(backend: Backend) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).display().to_string();
        let (data, first) = (place("data"), place("first"));
        let database = (backend == Backend::Postgres).then(whole_postgres_database);
        let mut arguments = vec!["--data-dir", &data, "--bootstrap-key-file", &first];
        arguments.extend([
            "--auth-listen",
            "127.0.0.1:0",
            "--registry-listen",
            "127.0.0.1:0",
        ]);
        if let Some(url) = &database {
            arguments.extend(["--database-url", url]);
        }
        let server = Server::start(folder.path(), &arguments, 2);
        let admin = read_key(Path::new(&first));
        let mut world = Self {
            server,
            folder,
            database,
            admin,
            names: BTreeMap::new(),
        };
        world.fill();
        world
    }

    /// One of everything.
    fn fill(&mut self) {
        let made = self.good(
            "registry",
            "POST",
            "/api/2.0/mlflow/experiments/create",
            &json!({"name": "tea"}),
        );
        self.names
            .insert("experiment", text(&made["experiment_id"]));
        let run = json!({"experiment_id": self.names["experiment"]});
        let made = self.good("registry", "POST", "/api/2.0/mlflow/runs/create", &run);
        self.names
            .insert("run", text(&made["run"]["info"]["run_id"]));
        let made = self.good("registry", "POST", "/api/2.0/mlflow/logged-models", &run);
        self.names
            .insert("logged", text(&made["model"]["info"]["model_id"]));
        let batch = json!({
            "run_id": self.names["run"],
            "metrics": [{"key": "loss", "value": 1.5, "timestamp": 1, "step": 1}],
            "params": [{"key": "depth", "value": "3"}],
            "tags": [{"key": "kind", "value": "green"}],
        });
        self.good("registry", "POST", "/api/2.0/mlflow/runs/log-batch", &batch);
        self.names.insert("model", "churn".to_owned());
        let model = json!({"name": "churn"});
        self.good(
            "registry",
            "POST",
            "/api/2.0/mlflow/registered-models/create",
            &model,
        );
        let path = format!(
            "{}/{}/artifacts/a/MLmodel",
            self.names["experiment"], self.names["run"]
        );
        for path in [&path, &path.replace("a/MLmodel", "b/file")] {
            let target = format!("/api/2.0/mlflow-artifacts/artifacts/{path}");
            self.good("registry", "PUT", &target, &json!({"x": 1}));
        }
        let version = json!({
            "name": "churn", "run_id": self.names["run"],
            "source": format!("mlflow-artifacts:/{}", path.trim_end_matches("/MLmodel")),
        });
        self.good(
            "registry",
            "POST",
            "/api/2.0/mlflow/model-versions/create",
            &version,
        );
        let key = json!({"name": "reader", "scopes": ["model:read"]});
        let made = self.good("auth", "POST", "/api/v1/keys", &key);
        self.names.insert("key", text(&made["key_id"]));
    }

    pub(super) fn good(&self, service: &str, method: &str, target: &str, body: &Value) -> Value {
        let answer = self.ask(
            service,
            format!("{method} {target}").as_bytes(),
            &[("content-type", b"application/json".to_vec())],
            body.to_string().as_bytes(),
        );
        assert_eq!(answer.status, 200, "{method} {target}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Sends the request of a row.
    pub(super) fn send(&self, row: &Row) -> Answer {
        let filled = |text: &str| expand(text, &|name| self.names.get(name).cloned());
        let headers: Vec<(&str, Vec<u8>)> = row
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), filled(value)))
            .collect();
        let start = [row.method.as_bytes(), b" ", &filled(&row.target)].concat();
        self.ask(&row.service, &start, &headers, &filled(&row.body))
    }

    /// Sends `start`, a method and a target, with what a client sends along unless it is among the headers.
    fn ask(&self, service: &str, start: &[u8], headers: &[(&str, Vec<u8>)], body: &[u8]) -> Answer {
        let head = self.head(service, start, headers, body.len());
        exchange(self.address(service), &head, body)
    }

    /// The head of a request, with a good key unless a header says otherwise.
    pub(super) fn head(
        &self,
        service: &str,
        start: &[u8],
        headers: &[(&str, Vec<u8>)],
        length: usize,
    ) -> Vec<u8> {
        let mut head = [start, b" HTTP/1.1\r\nconnection: close\r\n"].concat();
        let says = |wanted: &[&str]| headers.iter().any(|(name, _)| wanted.contains(name));
        let mut add = |name: &str, value: &[u8]| {
            head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        };
        if !says(&["host"]) {
            add("host", self.address(service).to_string().as_bytes());
        }
        if !says(&["authorization", "x-api-key"]) {
            add("authorization", format!("Bearer {}", self.admin).as_bytes());
        }
        if !says(&["content-length", "transfer-encoding"]) {
            add("content-length", length.to_string().as_bytes());
        }
        for (name, value) in headers.iter().filter(|(_, value)| value != b"(none)") {
            add(name, value);
        }
        head.extend(b"\r\n");
        head
    }

    /// Where a service listens.
    pub(super) fn address(&self, service: &str) -> SocketAddr {
        let url = self.server.url(service);
        url.trim_start_matches("http://").parse().unwrap()
    }

    /// Whether good requests are answered as ever.
    pub(super) fn is_well(&self) -> bool {
        let read = |service, target: &str| {
            self.ask(service, format!("GET {target}").as_bytes(), &[], b"")
                .status
                == 200
        };
        let run = format!("/api/2.0/mlflow/runs/get?run_id={}", self.names["run"]);
        read("registry", &run) && read("auth", "/api/v1/keys")
    }

    /// All that it keeps, less what every request of a known key changes: when the key was used last, how often, and which
    /// refusals it met.
    pub(super) fn kept(&self) -> Kept {
        let data = self.folder.path().join("data");
        let mut tables = match &self.database {
            Some(url) => dump::postgres(url),
            None => dump::sqlite(&data),
        };
        assert!(tables.len() > 20, "{:?}", tables.keys());
        // Who changes which artifact at this moment, for other replicas: ends by itself.
        let passing = ["usage_counters", "artifact_changes", "artifact_fence"];
        tables.retain(|name, _| !passing.iter().any(|passing| name.ends_with(passing)));
        for (name, rows) in &mut tables {
            for row in rows.iter_mut() {
                for counted in ["last_used_at_ms", "last_refusal", "audit_head"] {
                    row.remove(counted);
                }
            }
            if name.ends_with("audit") {
                rows.retain(|row| !row["action"].as_str().unwrap().starts_with("refused."));
            }
        }
        let mut files = BTreeMap::new();
        every_file(&data.join("artifacts"), &mut files);
        assert!(!files.is_empty(), "the artifacts are elsewhere");
        Kept { tables, files }
    }
}

impl Kept {
    /// Where it differs.
    pub(super) fn difference(&self, before: &Self) -> String {
        let mut places: Vec<String> = Vec::new();
        for (table, rows) in &self.tables {
            let old = &before.tables[table];
            let fresh = rows.iter().filter(|row| !old.contains(row));
            places.extend(fresh.map(|row| {
                let shown: String = Value::from(row.clone())
                    .to_string()
                    .chars()
                    .take(300)
                    .collect();
                format!("{table}: {shown}")
            }));
            if rows.len() < old.len() {
                places.push(format!("{table}: rows are gone"));
            }
        }
        if self.files != before.files {
            places.push(format!("files: {:?}", self.files.keys()));
        }
        places.join("; ")
    }
}

fn every_file(path: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            every_file(&path, files);
        } else {
            files.insert(path.display().to_string(), std::fs::read(&path).unwrap());
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
