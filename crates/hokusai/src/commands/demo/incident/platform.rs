//! The platform of the incident while it runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use hokusai_verify::deployment::{Deployment, Direct, Keys, Options};
use hokusai_verify::endpoint::Service;
use reqwest::Method;
use serde_json::json;

use super::super::client::{Client, text};
use super::parts::Part;
use super::silent;
use crate::commands::verify::Setup;
use crate::system::SystemRandom;

/// Everything that runs. The front door is exchanged by the repair.
pub(super) struct Platform {
    auth: Part,
    registry: Part,
    door: Option<Part>,
    silent: String,
    port: u16,
    logs: PathBuf,
    /// The rules as a file.
    pub(super) rules: PathBuf,
    /// A key as a user has it.
    pub(super) key: String,
}

impl Platform {
    /// Starts all parts. The registry asks the auth service through the front door, as it did.
    pub(super) async fn start(data: &Path, reports: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let key_file = data.join("first-key");
        let auth = Part::start(
            "auth",
            &with_hosts(vec![
                "auth".to_owned(),
                format!("--data-dir={}", data.join("auth").display()),
                "--auth-listen=127.0.0.1:0".to_owned(),
                format!("--bootstrap-key-file={}", key_file.display()),
            ]),
            data,
        )?;
        let admin = std::fs::read_to_string(&key_file)?.trim().to_owned();
        let admin = Client::new(&auth.url, &admin)?;
        let credential = data.join("registry-key");
        std::fs::write(
            &credential,
            mint(&admin, "registry", &["keys:validate"]).await?,
        )?;
        let scopes = ["model:read", "model:write", "mlflow:access"];
        let key = mint(&admin, "data scientist", &scopes).await?;
        let registry = Part::start(
            "registry",
            &with_hosts(vec![
                "registry".to_owned(),
                format!("--data-dir={}", data.join("registry").display()),
                "--registry-listen=127.0.0.1:0".to_owned(),
                format!("--auth-url=http://{AUTH_HOST}:{port}"),
                format!("--auth-key-file={}", credential.display()),
            ]),
            data,
        )?;
        let silent = silent::start().await?;
        let rules = reports.join("shared.toml");
        let table = shared_rules(port, auth.address(), registry.address(), &silent);
        std::fs::write(&rules, table)?;
        let mut platform = Self {
            auth,
            registry,
            door: None,
            silent,
            port,
            logs: data.to_owned(),
            rules: rules.clone(),
            key,
        };
        platform.apply(&rules)?;
        platform.settle().await?;
        Ok(platform)
    }

    /// Serves other rules on the same port.
    pub(super) fn apply(&mut self, rules: &Path) -> anyhow::Result<()> {
        // The old one goes first: both want the port.
        self.door = None;
        let arguments = [
            "front-door".to_owned(),
            format!("--routes={}", rules.display()),
            "--accept-unproven".to_owned(),
            format!("--data-dir={}", self.logs.join("front-door").display()),
        ];
        self.door = Some(Part::start("front-door", &arguments, &self.logs)?);
        rules.clone_into(&mut self.rules);
        Ok(())
    }

    /// A client of a host of the front door.
    pub(super) fn client(&self, host: &str) -> anyhow::Result<Client> {
        Client::new(&format!("http://{host}:{}", self.port), &self.key)
    }

    /// Name and own address of each target group.
    pub(super) fn targets(&self) -> [(&'static str, String); 3] {
        [
            ("target group auth", self.auth.url.clone()),
            ("target group registry", self.registry.url.clone()),
            (
                "target group registry-api",
                format!("http://{}", self.silent),
            ),
        ]
    }

    /// What the verifier is told.
    pub(super) fn setup(&self) -> anyhow::Result<Setup> {
        let endpoint = |host: &str| format!("http://{host}:{}", self.port).parse();
        let direct = |service, part: &Part| Direct {
            service,
            authority: part.address().to_owned(),
        };
        Ok(Setup {
            deployment: Deployment {
                auth: endpoint(AUTH_HOST)?,
                registry: endpoint(REGISTRY_HOST)?,
                direct: vec![
                    direct(Service::Auth, &self.auth),
                    direct(Service::Registry, &self.registry),
                ],
                options: Options::default(),
            },
            keys: Keys::new(Some(self.key.clone()), None, &SystemRandom),
            overrides: Vec::new(),
            tls: None,
            rules: Some(crate::commands::routes::tables::read_file(&self.rules)?),
        })
    }

    /// Where everything is, in two lines.
    pub(super) fn describe(&self) -> String {
        format!(
            "  http://{AUTH_HOST}:{port}, http://{REGISTRY_HOST}:{port}\n  auth itself at {}, registry itself at {}, rules in {}",
            self.auth.url,
            self.registry.url,
            self.rules.display(),
            port = self.port
        )
    }

    /// Waits for the front door's first health checks.
    pub(super) async fn settle(&self) -> anyhow::Result<()> {
        let client = self.client(AUTH_HOST)?;
        for _ in 0..SETTLE_TRIES {
            let asked = client.ask(Method::GET, "/health", None).await;
            if asked.is_ok_and(|(status, _)| status.is_success()) {
                return Ok(());
            }
            tokio::time::sleep(SETTLE_PAUSE).await;
        }
        anyhow::bail!("the front door found no healthy target")
    }

    /// Waits until the registry has heard its auth service again: it asks a few times a second.
    pub(super) async fn heal(&self) -> anyhow::Result<()> {
        let client = Client::new(&self.registry.url, "")?;
        for _ in 0..SETTLE_TRIES {
            let (_, body) = client.ask(Method::GET, "/health", None).await?;
            if body.get("status").is_some_and(|status| status == "OK") {
                return Ok(());
            }
            tokio::time::sleep(SETTLE_PAUSE).await;
        }
        anyhow::bail!("the registry does not hear its auth service")
    }
}

async fn mint(admin: &Client, name: &str, scopes: &[&str]) -> anyhow::Result<String> {
    let body = json!({"name": name, "scopes": scopes});
    let answer = admin.call(Method::POST, "/api/v1/keys", Some(body)).await?;
    text(&answer, "/api_key")
}

fn with_hosts(mut arguments: Vec<String>) -> Vec<String> {
    arguments.push(format!("--allowed-host={AUTH_HOST}"));
    arguments.push(format!("--allowed-host={REGISTRY_HOST}"));
    arguments
}

/// The registry must be told the front door's port before the front door can be told the registry's.
fn free_port() -> anyhow::Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

/// The registry has its host; of auth only the health check was thought of; and a generic rule takes `/api*`.
fn shared_rules(port: u16, auth: &str, registry: &str, silent: &str) -> String {
    let group = |name: &str, target: &str| {
        format!(
            "[target_group.{name}]\ntargets = [\"{target}\"]\nhealth = {{ path = \"/health\" }}\n"
        )
    };
    format!(
        r#"# One front door for two services, as it was before the repair.

[[listener]]
name = "shared"
protocol = "http"
port = {port}
default = {{ respond = 404 }}

[[listener.rule]]
name = "registry"
priority = 10
host = "{REGISTRY_HOST}"
forward = "registry"

[[listener.rule]]
name = "health-checks"
priority = 50
path = "/health"
forward = "auth"

[[listener.rule]]
name = "generic-api"
priority = 100
path = "/api*"
forward = "registry-api"

{}
{}
{}response_timeout_ms = 5000

[intent."{AUTH_HOST}"]
may = ["auth"]
must = {{ "/api/v1/*" = "auth" }}

[intent."{REGISTRY_HOST}"]
may = ["registry"]

[intent."*"]
may = []
"#,
        group("auth", auth),
        group("registry", registry),
        group("registry-api", silent)
    )
}

/// Names below `localhost` are this machine everywhere (RFC 6761, 6.3).
pub(super) const AUTH_HOST: &str = "auth.localhost";
pub(super) const REGISTRY_HOST: &str = "registry.localhost";
const SETTLE_TRIES: u32 = 200;
const SETTLE_PAUSE: Duration = Duration::from_millis(50);
