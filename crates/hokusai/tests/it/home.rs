//! A place for a server's data, and the commands that work on it.

use std::process::{Command, Output};

use hokusai_s3_server::{BUCKET, S3Server};
use hokusai_testkit::Backend;
use serde_json::Value;

use crate::process::Server;

/// Where a server keeps its data: flags, and a folder of this test's own.
pub(crate) struct Home {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) database: Option<String>,
    /// Flags, when artifacts are not in the folder.
    artifacts: Vec<String>,
}

impl Home {
    pub(crate) fn new(backend: Backend) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            database: (backend == Backend::Postgres).then(hokusai_testkit::whole_postgres_database),
            artifacts: Vec::new(),
        }
    }

    /// With artifacts below a prefix of a store's bucket.
    pub(crate) fn in_bucket(self, store: &S3Server, prefix: &str) -> Self {
        let url = format!("s3://{BUCKET}/{prefix}");
        let flags = [
            "--artifacts-url",
            &url,
            "--artifacts-endpoint",
            &store.url(),
        ];
        Self {
            artifacts: flags.map(str::to_owned).to_vec(),
            ..self
        }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(crate) fn settings(&self) -> Vec<String> {
        let mut settings = vec!["--data-dir".to_owned(), self.path("data")];
        if let Some(url) = &self.database {
            settings.extend(["--database-url".to_owned(), url.clone()]);
        }
        settings.extend(self.artifacts.iter().cloned());
        settings
    }

    pub(crate) fn serve(&self) -> Server {
        let mut arguments = self.settings();
        for (name, value) in [
            ("--auth-listen", "127.0.0.1:0".to_owned()),
            ("--registry-listen", "127.0.0.1:0".to_owned()),
            ("--bootstrap-key-file", self.path("key")),
        ] {
            arguments.extend([name.to_owned(), value]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut environment = S3Server::variables().to_vec();
        environment.push(("HOKUSAI_LOG", "info"));
        Server::start_within(self.folder.path(), &arguments, 2, &environment)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_hokusai"))
            .env_clear()
            .envs(S3Server::variables())
            .args(arguments)
            .args(self.settings())
            .output()
            .unwrap()
    }
}

pub(crate) fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}
