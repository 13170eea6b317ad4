//! Certificates from the files that a table names.

use std::path::{Path, PathBuf};

use hokusai_routes::model::{Certificate, Listener};
use hokusai_wire::tls::Identity;

use crate::load::{LoadError, Loaded};

/// The certificates of a listener. Reads files: not for an async task.
pub(crate) fn identities(loaded: &Loaded, listener: &Listener) -> Result<Vec<Identity>, LoadError> {
    let certificates = listener.certificates.iter();
    certificates
        .map(|certificate| {
            identity(&loaded.directory, certificate).map_err(|why| LoadError::Certificate {
                listener: listener.name.clone(),
                chain: certificate.chain.clone().unwrap_or_default(),
                why,
            })
        })
        .collect()
}

/// The files whose change matters.
pub(crate) fn files(loaded: &Loaded) -> Vec<PathBuf> {
    let listeners = loaded.table.listeners.iter();
    let certificates = listeners.flat_map(|listener| &listener.certificates);
    certificates
        .flat_map(|one| [&one.chain, &one.key])
        .flatten()
        .map(|file| loaded.directory.join(file))
        .collect()
}

fn identity(directory: &Path, certificate: &Certificate) -> Result<Identity, String> {
    let read = |file: &Option<String>| {
        let path = directory.join(file.as_deref().unwrap_or_default());
        let bytes = std::fs::read(&path);
        bytes.map_err(|error| format!("`{}` cannot be read: {error}", path.display()))
    };
    let identity = Identity::from_pem(&read(&certificate.chain)?, &read(&certificate.key)?)
        .map_err(|error| error.to_string())?;
    let one_of = |name: &str| name.replace('*', "any");
    let mut names = certificate.names.iter();
    match names.find(|name| !identity.covers(&one_of(name))) {
        Some(missing) => Err(format!(
            "it is not valid for `{missing}`, which the table says it covers"
        )),
        None => Ok(identity),
    }
}
