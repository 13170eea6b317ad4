//! `hokusai keys create`.

use clap::Args;
use serde_json::{Map, Value};

use super::door::Door;
use super::table::{print_json, text};
use crate::exit::Exit;

/// What the key shall be.
#[derive(Args)]
pub(super) struct Create {
    /// A name for people, 1 to 100 characters.
    #[arg(long)]
    name: String,
    /// What it may do, for instance model:read; may be repeated. The default reads and writes the registry.
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// live, test or dev.
    #[arg(long)]
    environment: Option<String>,
    /// Ends after this many days, 1 to 365; never if nothing is said.
    #[arg(long, value_name = "DAYS")]
    expires_in_days: Option<i64>,
    /// An address or range that may use it; may be repeated. All may if nothing is said.
    #[arg(long = "allowed-ip", value_name = "CIDR", value_delimiter = ',')]
    allowed_ips: Vec<String>,
    /// Requests per hour; unlimited if nothing is said.
    #[arg(long, value_name = "PER_HOUR")]
    rate_limit: Option<i64>,
    /// Whose key it is; you if nothing is said.
    #[arg(long)]
    user: Option<String>,
    /// platform, website or prediction.
    #[arg(long)]
    service_id: Option<String>,
}

/// Makes the key; it alone goes to stdout, so that a script can take it.
pub(super) async fn run(door: &Door, create: &Create, json: bool) -> anyhow::Result<Exit> {
    let made = door
        .ask("POST", "/api/v1/keys", Some(&body(create)))
        .await?;
    if json {
        print_json(&made)?;
    } else {
        announce(&made, "made");
    }
    Ok(Exit::Fine)
}

/// The key to stdout, what to know about it to stderr.
pub(super) fn announce(made: &Value, verb: &str) {
    eprintln!(
        "{verb} key {} ({}); it is shown this once:",
        text(made, "key_id"),
        made.pointer("/key_info/name")
            .and_then(Value::as_str)
            .unwrap_or_default(),
    );
    println!("{}", text(made, "api_key"));
}

fn body(create: &Create) -> Value {
    let mut body = Map::new();
    body.insert("name".to_owned(), create.name.clone().into());
    for (field, list) in [
        ("scopes", &create.scopes),
        ("allowed_ips", &create.allowed_ips),
    ] {
        if !list.is_empty() {
            body.insert(field.to_owned(), list.clone().into());
        }
    }
    for (field, value) in [
        ("environment", &create.environment),
        ("user_id", &create.user),
        ("service_id", &create.service_id),
    ] {
        if let Some(value) = value {
            body.insert(field.to_owned(), value.clone().into());
        }
    }
    for (field, value) in [
        ("expires_in_days", create.expires_in_days),
        ("rate_limit_per_hour", create.rate_limit),
    ] {
        if let Some(value) = value {
            body.insert(field.to_owned(), value.into());
        }
    }
    Value::Object(body)
}
