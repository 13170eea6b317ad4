//! `hokusai serve` as a process, with whatever runs in it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A running process, killed when it is dropped.
pub(crate) struct Served {
    child: Child,
    /// By service, or by listener of the front door.
    pub(crate) addresses: BTreeMap<String, SocketAddr>,
    pub(crate) directory: tempfile::TempDir,
}

impl Served {
    /// Starts both services with a front door before them, and waits until `count` of them are announced.
    pub(crate) fn start(routes: &str, flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name).display().to_string();
        std::fs::write(file("routes.toml"), routes).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_hokusai"))
            .env_clear()
            .args(["serve", "--announce", "--data-dir", &file("data")])
            .args(["--bootstrap-key-file", &file("key")])
            .args([
                "--auth-listen",
                "127.0.0.1:0",
                "--registry-listen",
                "127.0.0.1:0",
            ])
            .args(["--front-door-routes", &file("routes.toml")])
            .args(["--front-door-listen", "main=127.0.0.1:0"])
            .args(["--front-door-admin-listen", "127.0.0.1:0"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut addresses = BTreeMap::new();
        for line in lines.map(Result::unwrap) {
            let said: Value = serde_json::from_str(&line).unwrap();
            let name = said["listener"]
                .as_str()
                .or(said["service"].as_str())
                .unwrap();
            let address = said["url"].as_str().unwrap().split("://").last().unwrap();
            addresses.insert(name.to_owned(), address.parse().unwrap());
            if name == "front-door-admin" {
                break;
            }
        }
        Self {
            child,
            addresses,
            directory,
        }
    }

    pub(crate) fn key(&self) -> String {
        let text = std::fs::read_to_string(self.directory.path().join("key")).unwrap();
        text.trim().to_owned()
    }

    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// `hokusai front-door …` for this process.
    pub(crate) fn front_door(&self, arguments: &[&str]) -> Output {
        let data: &Path = &self.file("data");
        let mut command = Command::new(env!("CARGO_BIN_EXE_hokusai"));
        command.env_clear().arg("front-door").args(arguments);
        command.arg("--data-dir").arg(data).output().unwrap()
    }

    /// Sends bytes as they are and reads until the other side closes.
    pub(crate) fn exchange(&self, name: &str, bytes: &str) -> String {
        let mut stream = TcpStream::connect(self.addresses[name]).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A request with the first key and a JSON body.
    pub(crate) fn ask(
        &self,
        name: &str,
        host: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> String {
        self.exchange(name, &request(&self.key(), host, method, path, body))
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn request(key: &str, host: &str, method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
