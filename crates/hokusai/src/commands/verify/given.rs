//! What the caller hands over: the key, the rules, authorities.

use std::io::Read as _;
use std::path::Path;

use hokusai_routes::model::Table;
use hokusai_verify::deployment::{Deployment, Direct};
use hokusai_verify::endpoint::Service;
use hokusai_verify::probing::{Tls, TlsSetupError};

use super::arguments::Verify;
use crate::commands::routes;
use crate::exit::{Exit, Failure};

/// The key from a file, standard input (`-`) or `HOKUSAI_API_KEY`. Its form is a check, not an error.
pub(crate) fn key(file: Option<&Path>) -> anyhow::Result<String> {
    const HINT: &str =
        "set HOKUSAI_API_KEY, say --key-file FILE (`-` for standard input), or --without-key";
    let read = match file {
        Some(path) if path == Path::new("-") => {
            let mut text = String::new();
            let limit = std::io::stdin().lock().take(MAX_KEY_BYTES);
            { limit }.read_to_string(&mut text).map(|_| text)
        }
        Some(path) => std::fs::read_to_string(path),
        None => match std::env::var("HOKUSAI_API_KEY") {
            Ok(key) => Ok(key),
            Err(_) => return Err(Failure::usage("no key was given", HINT)),
        },
    };
    let raw = read.map_err(|error| {
        let name = file.map_or_else(String::new, |path| path.display().to_string());
        Failure::usage(format!("the key in `{name}` cannot be read: {error}"), HINT)
    })?;
    let key = raw.trim_end_matches(['\r', '\n']);
    if key.trim().is_empty() {
        return Err(Failure::usage("the key that was given is empty", HINT));
    }
    if !key.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(Failure::usage(
            "the key that was given holds characters that can't stand in a header",
            HINT,
        ));
    }
    Ok(key.to_owned())
}

/// The rule table of a file.
pub(super) fn rules(path: &Path) -> anyhow::Result<Table> {
    routes::tables::read_file(path)
}

/// The targets of the groups that each host may reach are the services' own listeners.
pub(super) fn add_targets(rules: &Table, arguments: &Verify, direct: &mut Vec<Direct>) {
    for service in Service::ALL {
        let host = &arguments.endpoint(service).host;
        let meant = rules.intent.host(host).map(|intent| intent.may.as_slice());
        let own = [service.name().to_owned()];
        let groups = meant.unwrap_or(&own).iter();
        for target in groups
            .filter_map(|name| rules.target_group(name))
            .flat_map(|group| &group.targets)
        {
            let known = direct.iter().any(|d| d.authority == *target);
            if !known && target.parse::<std::net::SocketAddr>().is_ok() {
                direct.push(Direct {
                    service,
                    authority: target.clone(),
                });
            }
        }
    }
}

/// TLS, when an endpoint needs it.
pub(crate) fn tls(deployment: &Deployment, ca: Option<&Path>) -> anyhow::Result<Option<Tls>> {
    let needs = Service::ALL
        .into_iter()
        .any(|service| deployment.endpoint(service).is_tls);
    if !needs {
        return Ok(None);
    }
    let pem = ca.map(std::fs::read).transpose().map_err(|error| {
        Failure::usage(
            format!("the file of --ca cannot be read: {error}"),
            "check --ca",
        )
    })?;
    Tls::new(pem.as_deref()).map(Some).map_err(|error| {
        let exit = match &error {
            TlsSetupError::NoCertificate => Exit::Usage,
            TlsSetupError::NoRoots | TlsSetupError::Library(_) => Exit::CouldNotRun,
        };
        Failure {
            message: error.to_string(),
            hint: Some("--ca FILE names a PEM file of certificate authorities".to_owned()),
            exit,
        }
        .into()
    })
}

/// Longer is no key, but somebody's file.
const MAX_KEY_BYTES: u64 = 4 << 10;
