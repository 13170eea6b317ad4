//! What the MLflow client on this machine would send, and where. Pure: environment and files are arguments.
//!
//! The order was measured with the real client (3.x over `requests`): a `netrc` entry for the host replaces everything else;
//! then user name and password, each from the environment or `~/.mlflow/credentials`, as Basic; then the token as Bearer.

use std::collections::BTreeMap;

use hokusai_core::key::ApiKey;
use hokusai_verify::endpoint::Endpoint;

use super::Finding;

/// What the client looks at.
pub(super) struct Machine<'m> {
    pub(super) environment: BTreeMap<String, String>,
    /// The text of a file, if it is there and readable.
    pub(super) read: &'m dyn Fn(&str) -> Option<String>,
}

/// What it would send.
#[derive(Debug, PartialEq, Eq)]
enum Sent {
    /// An entry of `netrc`, as Basic.
    Netrc {
        file: String,
        password: String,
    },
    /// User name and password, as Basic.
    Basic {
        from: String,
        password: String,
    },
    /// The token, as Bearer.
    Bearer(String),
    Nothing,
}

pub(super) fn look(machine: &Machine<'_>) -> Vec<Finding> {
    let Some(uri) = machine.get("MLFLOW_TRACKING_URI") else {
        return vec![Finding::noted(
            "client.uri",
            "MLFLOW_TRACKING_URI is not set: an MLflow client would write to a local database and never reach a registry",
        )];
    };
    let endpoint: Endpoint = match uri.parse() {
        Ok(endpoint) => endpoint,
        Err(error) => {
            return vec![Finding::wrong(
                "client.uri",
                format!("MLFLOW_TRACKING_URI: {error}"),
                "set it to the registry's address, for instance https://registry.example.com",
            )];
        }
    };
    let mut findings = vec![Finding::fine(
        "client.uri",
        format!("an MLflow client would ask `{endpoint}`"),
    )];
    findings.extend(in_clear(&endpoint));
    findings.extend(proxy(machine, &endpoint));
    findings.extend(credential(machine, &endpoint));
    findings
}

impl Machine<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let value = self.environment.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    fn home(&self, file: &str) -> Option<String> {
        Some(format!("{}/{file}", self.get("HOME")?))
    }

    fn sent(&self, endpoint: &Endpoint) -> Sent {
        let netrc = self
            .get("NETRC")
            .map(str::to_owned)
            .or_else(|| self.home(".netrc"));
        if let Some(file) = netrc
            && let Some(text) = (self.read)(&file)
            && let Some(password) = netrc_password(&text, &endpoint.host)
        {
            return Sent::Netrc { file, password };
        }
        let (user, user_from) = self.field("MLFLOW_TRACKING_USERNAME");
        let (password, password_from) = self.field("MLFLOW_TRACKING_PASSWORD");
        if let (Some(_), Some(password)) = (user, password) {
            let from = if user_from == password_from {
                user_from
            } else {
                format!("{user_from} and {password_from}")
            };
            return Sent::Basic { from, password };
        }
        self.get("MLFLOW_TRACKING_TOKEN")
            .map_or(Sent::Nothing, |token| Sent::Bearer(token.to_owned()))
    }

    /// A user name or password: each has its own source.
    fn field(&self, name: &str) -> (Option<String>, String) {
        if let Some(value) = self.get(name) {
            return (Some(value.to_owned()), "the environment".to_owned());
        }
        let file = self.home(".mlflow/credentials").unwrap_or_default();
        let text = (self.read)(&file).unwrap_or_default();
        (
            ini_value(&text, &name.to_ascii_lowercase()),
            format!("`{file}`"),
        )
    }
}

fn credential(machine: &Machine<'_>, endpoint: &Endpoint) -> Vec<Finding> {
    let sent = machine.sent(endpoint);
    let has_token = machine.get("MLFLOW_TRACKING_TOKEN").is_some();
    let mut findings = Vec::new();
    let secret = match &sent {
        Sent::Nothing => {
            return vec![Finding::wrong(
                "client.key",
                "an MLflow client would send no key at all",
                "export MLFLOW_TRACKING_TOKEN=$(cat KEY-FILE)",
            )];
        }
        Sent::Netrc { file, password } => {
            let detail = format!(
                "the entry for `{}` in `{file}` replaces whatever key is set: the client's HTTP library prefers it",
                endpoint.host
            );
            // A key as the entry's password does what it should.
            findings.push(if ApiKey::parse(password).is_ok() {
                Finding::noted("client.netrc", detail)
            } else {
                let fix = "remove the entry (also `default`), or make its password the API key";
                Finding::wrong("client.netrc", detail, fix)
            });
            password
        }
        Sent::Basic { from, password } => {
            let detail = format!("user name and password from {from} are sent as Basic");
            findings.push(if has_token {
                Finding::wrong(
                    "client.key",
                    format!("{detail}, and MLFLOW_TRACKING_TOKEN is ignored"),
                    "unset MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD (and the credentials file), or put the key into the password",
                )
            } else {
                Finding::fine("client.key", detail)
            });
            password
        }
        Sent::Bearer(token) => {
            findings.push(Finding::fine(
                "client.key",
                "MLFLOW_TRACKING_TOKEN is sent as Bearer",
            ));
            token
        }
    };
    findings.push(form(secret));
    findings
}

/// Whether what is sent can be a key; the key itself is never shown.
fn form(secret: &str) -> Finding {
    const FIX: &str = "copy the key again, without quotes and white space";
    match ApiKey::parse(secret) {
        Ok(_) if secret.trim() != secret => Finding::wrong(
            "client.key-form",
            "white space stands around the key that is sent",
            FIX,
        ),
        Ok(key) if key.has_good_checksum() => Finding::fine(
            "client.key-form",
            "what is sent has the form of a key, checksum right",
        ),
        Ok(_) => Finding::noted(
            "client.key-form",
            "what is sent has the form of a key without a right checksum: of an older service, or mistyped",
        ),
        Err(invalid) => Finding::wrong(
            "client.key-form",
            format!("what is sent as key is none: {invalid}"),
            FIX,
        ),
    }
}

fn in_clear(endpoint: &Endpoint) -> Option<Finding> {
    let address = endpoint
        .host
        .trim_matches(['[', ']'])
        .parse::<std::net::IpAddr>();
    let is_here = endpoint.is_localhost() || address.is_ok_and(|ip| ip.is_loopback());
    (!endpoint.is_tls && !is_here).then(|| {
        Finding::wrong(
            "client.clear",
            format!(
                "`{endpoint}` is plain HTTP to another machine: the key can be read on the way"
            ),
            format!("use https://{}", endpoint.host),
        )
    })
}

/// The client's HTTP library takes proxies from the environment.
fn proxy(machine: &Machine<'_>, endpoint: &Endpoint) -> Option<Finding> {
    let scheme = if endpoint.is_tls {
        "https_proxy"
    } else {
        "http_proxy"
    };
    let either = |name: &str| {
        machine
            .get(name)
            .or_else(|| machine.get(&name.to_ascii_uppercase()))
    };
    either(scheme).or_else(|| either("all_proxy"))?;
    let exempt = either("no_proxy").unwrap_or_default();
    let is_exempt = exempt
        .split(',')
        .map(|name| name.trim().trim_start_matches('.'))
        .any(|name| {
            name == "*"
                || name == endpoint.host
                || (!name.is_empty() && endpoint.host.ends_with(&format!(".{name}")))
        });
    (!is_exempt).then(|| {
        Finding::noted(
            "client.proxy",
            format!("a proxy from the environment (`{scheme}`) stands between the client and `{}`; NO_PROXY exempts hosts", endpoint.host),
        )
    })
}

/// The password of a host's entry, or of `default`.
fn netrc_password(text: &str, host: &str) -> Option<String> {
    let mut words = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(str::split_whitespace);
    let (mut is_mine, mut found) = (false, None);
    while let Some(word) = words.next() {
        match word {
            "machine" => is_mine = words.next() == Some(host),
            "default" => is_mine = found.is_none(),
            "password" => {
                let password = words.next();
                if is_mine && found.is_none() {
                    found = password.map(str::to_owned);
                }
            }
            _ => {}
        }
    }
    found
}

/// `name = value` in the section `[mlflow]`.
fn ini_value(text: &str, name: &str) -> Option<String> {
    let mut is_mine = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            is_mine = section.trim_end_matches(']') == "mlflow";
        } else if is_mine
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == name
        {
            return Some(value.trim().to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests;
