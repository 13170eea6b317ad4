//! Parts of the platform as processes: this very binary, without the caller's settings.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

/// A running part; it ends with its owner.
pub(super) struct Part {
    child: Child,
    /// Where it answers.
    pub(super) url: String,
}

impl Part {
    /// Starts `hokusai serve …` and waits until it says where it answers. Its log goes to a file.
    pub(super) fn start(name: &str, arguments: &[String], logs: &Path) -> anyhow::Result<Self> {
        let log = std::fs::File::create(logs.join(format!("{name}.log")))?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .args(arguments)
            .arg("--announce")
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("the {name} could not be started"))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        // From here on the process ends whatever happens.
        let mut part = Self {
            child,
            url: String::new(),
        };
        let said: serde_json::Value = serde_json::from_str(&line).with_context(|| {
            let log = std::fs::read_to_string(logs.join(format!("{name}.log")));
            format!("the {name} did not start: {}", log.unwrap_or_default())
        })?;
        let url = said.get("url").and_then(serde_json::Value::as_str);
        url.unwrap_or_default().clone_into(&mut part.url);
        Ok(part)
    }

    /// `HOST:PORT`.
    pub(super) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
