//! `hokusai openapi`: the document of a service's HTTP interface, as the service itself answers it at `/openapi.json`.

use clap::ValueEnum;

use crate::exit::Exit;

/// Which service.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Service {
    /// The auth service.
    Auth,
    /// The registry.
    Registry,
}

/// Prints the document; `docs/openapi/` holds what this prints.
pub(crate) fn run(service: Service) -> anyhow::Result<Exit> {
    let document = match service {
        Service::Auth => hokusai_server::auth::openapi::document(),
        Service::Registry => hokusai_server::registry::openapi::document(),
    };
    println!("{}", serde_json::to_string_pretty(&document)?);
    Ok(Exit::Fine)
}
