//! The two ways to the auth API: HTTP with a key, or the database itself.

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use hokusai_server::auth::local;
use hokusai_server::auth::service::AuthService;
use hokusai_server::outbound;
use hokusai_store::statement::Schema;
use hokusai_store::{OpenError, Store, StoreOptions};
use serde_json::Value;

use crate::config::Settings;
use crate::exit::{Exit, Failure};
use crate::system::{SystemClock, SystemRandom};

/// Which way, and with which key. Keys never stand on the command line: it is seen by everybody on the machine.
#[derive(Args)]
pub(in crate::commands) struct DoorArguments {
    /// Reads your key from this file, `-` for standard input; otherwise it is taken from `HOKUSAI_API_KEY`.
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Works on the database of --data-dir or --database-url, without a key: for recovery. Stop the server first.
    #[arg(long, global = true)]
    local: bool,
}

/// An open way.
pub(in crate::commands) enum Door {
    /// A running auth service.
    Http {
        /// Goes nowhere but there.
        client: reqwest::Client,
        /// Its base address.
        url: String,
        /// Your key.
        key: String,
    },
    /// The database.
    Local(AuthService),
}

impl Door {
    /// Opens the way that was asked for.
    pub(in crate::commands) async fn open(
        arguments: &DoorArguments,
        settings: &Settings,
    ) -> anyhow::Result<Self> {
        if arguments.local {
            return open_database(settings).await;
        }
        let raw = settings.auth.auth_url.as_deref().unwrap_or(AUTH_URL);
        Self::over_http(arguments, raw, "check --auth-url or HOKUSAI_AUTH_URL")
    }

    /// A way to another service of ours that takes the same keys.
    pub(in crate::commands) fn to_registry(
        arguments: &DoorArguments,
        url: &str,
    ) -> anyhow::Result<Self> {
        if arguments.local {
            return Err(Failure::usage(
                "the registry's audit log is asked for over HTTP",
                "leave --local out; `hokusai db check` verifies the logs of databases that no server holds",
            ));
        }
        Self::over_http(
            arguments,
            url,
            "check --registry-url or MLFLOW_TRACKING_URI",
        )
    }

    fn over_http(arguments: &DoorArguments, url: &str, hint: &str) -> anyhow::Result<Self> {
        let url =
            outbound::auth_url(url).map_err(|error| Failure::usage(error.to_string(), hint))?;
        Ok(Self::Http {
            client: outbound::client()?,
            url: url.as_str().trim_end_matches('/').to_owned(),
            key: key(arguments.key_file.as_ref())?,
        })
    }

    /// Asks; a refusal is an error with the server's own sentence.
    pub(in crate::commands) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let (status, answer) = match self {
            Self::Http { client, url, key } => {
                over_http(client, url, key, method, path, body).await?
            }
            Self::Local(service) => local::ask(service, method, path, body)
                .await
                .map_err(|error| anyhow::anyhow!("{}", error.message()))?,
        };
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        Err(refusal(status, &answer))
    }

    /// Writes what is behind and lets go of the database.
    pub(in crate::commands) async fn close(self) {
        if let Self::Local(service) = self {
            let store = service.store().clone();
            // Closing waits for threads; an error means that one panicked, and everything asked for was answered before.
            let _ = tokio::task::spawn_blocking(move || store.close()).await;
        }
    }
}

async fn open_database(settings: &Settings) -> anyhow::Result<Door> {
    let config = settings.check()?;
    let options = StoreOptions::new(config.storage.location, Schema::Auth).alone();
    let opened = tokio::task::spawn_blocking(move || Store::open(&options)).await?;
    let store = opened.map_err(|error| match error {
        OpenError::InUse { .. } | OpenError::InUseElsewhere { .. } => Failure {
            message: error.to_string(),
            hint: Some("leave --local out to ask the running server".to_owned()),
            exit: Exit::CouldNotRun,
        }
        .into(),
        other => anyhow::Error::from(other),
    })?;
    let service = AuthService::open(
        store,
        Arc::new(SystemClock::start()),
        Arc::new(SystemRandom),
        config.auth.stale_window,
    )
    .await?;
    Ok(Door::Local(service))
}

async fn over_http(
    client: &reqwest::Client,
    url: &str,
    key: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> anyhow::Result<(u16, Value)> {
    let mut request = client
        .request(method.parse()?, format!("{url}{path}"))
        .bearer_auth(key);
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.map_err(|error| {
        anyhow::Error::from(error.without_url()).context(Failure {
            message: format!("{url} does not answer"),
            hint: Some(
                "is it running (`hokusai serve`)? --auth-url or HOKUSAI_AUTH_URL says where; --local works on the database"
                    .to_owned(),
            ),
            exit: Exit::CouldNotRun,
        })
    })?;
    let status = response.status().as_u16();
    let text = response.text().await?;
    let answer = serde_json::from_str(&text).map_err(|_| Failure {
        message: format!(
            "{url} answered {status} with something that is not JSON: it is not an auth service"
        ),
        hint: Some("check --auth-url or HOKUSAI_AUTH_URL".to_owned()),
        exit: Exit::CouldNotRun,
    })?;
    Ok((status, answer))
}

fn refusal(status: u16, answer: &Value) -> anyhow::Error {
    let text = |field: &str| answer.get(field).and_then(Value::as_str);
    let hint = match status {
        401 => Some(
            "set HOKUSAI_API_KEY to a good key, or --key-file; --local works on the database without one",
        ),
        404 => Some("`hokusai keys list` shows the keys that yours may see"),
        _ => None,
    };
    Failure {
        message: text("message")
            .or_else(|| text("error"))
            .map_or_else(|| format!("refused with status {status}"), str::to_owned),
        hint: hint.map(str::to_owned),
        exit: match status {
            400 | 422 => Exit::Usage,
            _ => Exit::CouldNotRun,
        },
    }
    .into()
}

fn key(file: Option<&PathBuf>) -> anyhow::Result<String> {
    let missing = || {
        Failure::usage(
            "no key to ask with",
            "set HOKUSAI_API_KEY, or --key-file FILE (`-` reads standard input); the first key was printed or written when the \
             database was made",
        )
    };
    let raw = match file {
        Some(path) if path.as_os_str() == "-" => {
            let mut text = String::new();
            std::io::stdin()
                .take(MOST_KEY_BYTES)
                .read_to_string(&mut text)?;
            text
        }
        Some(path) => std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(
                format!("cannot read `{}`: {error}", path.display()),
                "check --key-file",
            )
        })?,
        None => std::env::var("HOKUSAI_API_KEY").map_err(|_| missing())?,
    };
    let key = raw.trim().to_owned();
    if key.is_empty() {
        Err(missing())
    } else {
        Ok(key)
    }
}

/// Where `hokusai serve` listens unless told otherwise.
const AUTH_URL: &str = "http://127.0.0.1:8000";

/// A key is 48 characters at most; a file that is longer is not one.
const MOST_KEY_BYTES: u64 = 4096;
