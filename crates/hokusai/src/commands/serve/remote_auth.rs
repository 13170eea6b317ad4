//! A registry apart from its auth service: where that is, and with which credential it is asked.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use hokusai_core::clock::Clock;
use hokusai_core::key::ApiKey;
use hokusai_core::random::Random;
use hokusai_server::authority::Authority;
use hokusai_server::authority::http::HttpAuthority;
use hokusai_server::outbound;

use crate::exit::Failure;

/// The auth service of a registry that runs apart.
#[derive(Args, Clone, Debug)]
pub(crate) struct RemoteAuth {
    /// The auth service: https, or plain http on this machine.
    #[arg(long, env = "HOKUSAI_AUTH_URL", value_name = "URL")]
    auth_url: Option<String>,
    /// Holds the registry's own key, which needs the scope keys:validate.
    #[arg(long, env = "HOKUSAI_AUTH_KEY_FILE", value_name = "FILE")]
    auth_key_file: Option<PathBuf>,
}

impl RemoteAuth {
    /// Who judges keys for the registry.
    pub(super) fn authority(
        &self,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> anyhow::Result<Arc<dyn Authority>> {
        let raw = self.auth_url.as_deref().ok_or_else(|| {
            Failure::usage(
                "a registry without the auth service in the same process must know where that is",
                "say --auth-url URL --auth-key-file FILE, or run `hokusai serve`, or --no-auth on loopback",
            )
        })?;
        let url = outbound::auth_url(raw)
            .map_err(|error| Failure::usage(error.to_string(), "check --auth-url"))?;
        let authority = HttpAuthority::new(&url, self.credential()?, clock, random)?;
        Ok(Arc::new(authority))
    }

    fn credential(&self) -> anyhow::Result<ApiKey> {
        const HINT: &str =
            "make one with `hokusai keys create --name registry --scope keys:validate > FILE`";
        let path = self.auth_key_file.as_ref().ok_or_else(|| {
            Failure::usage(
                "the registry needs a key of its own to ask the auth service: --auth-key-file",
                HINT,
            )
        })?;
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("cannot read `{}`: {error}", path.display()), HINT)
        })?;
        ApiKey::parse(&text)
            .map_err(|invalid| Failure::usage(format!("`{}`: {invalid}", path.display()), HINT))
    }
}
