//! What is checked, and how strictly.

use hokusai_core::key::ApiKey;
use hokusai_core::random::{Random, hex_id};

use crate::endpoint::{Endpoint, Service};

/// A deployment: the addresses that clients use.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The auth service.
    pub auth: Endpoint,
    /// The registry.
    pub registry: Endpoint,
    /// The services' own listeners, past the front door; `HOST:PORT`, asked in clear and only with a canary key.
    pub direct: Vec<Direct>,
    /// How strictly.
    pub options: Options,
}

/// A service's own listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Direct {
    /// Which service is said to be there.
    pub service: Service,
    /// `HOST:PORT`.
    pub authority: String,
}

/// Bounds and sizes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Longest wait for one answer, in milliseconds.
    pub deadline_ms: u64,
    /// What the median answer to `/health` may take, in milliseconds.
    pub latency_budget_ms: u64,
    /// Size of the artifact that is uploaded and downloaded.
    pub artifact_bytes: u64,
    /// What `/health` must say, when the caller knows.
    pub expected_version: Option<String>,
}

impl Default for Options {
    /// 8 s: longer than the 5 s after which the services give up on each other, so that their reason is heard.
    fn default() -> Self {
        Self {
            deadline_ms: 8_000,
            latency_budget_ms: 1_000,
            artifact_bytes: 1 << 20,
            expected_version: None,
        }
    }
}

impl Deployment {
    /// The endpoint of a service.
    pub const fn endpoint(&self, service: Service) -> &Endpoint {
        match service {
            Service::Auth => &self.auth,
            Service::Registry => &self.registry,
        }
    }
}

/// The keys of a run. No `Debug` shows them; only [`crate::probing`] reveals one, to who has shown who they are.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The caller's key, as it was given: it may be malformed, which is a finding and not an error.
    pub real: Option<GivenKey>,
    /// A key that may only read, if the caller has one.
    pub reader: Option<ApiKey>,
    /// Never minted: what it opens is open to everybody.
    pub canary: ApiKey,
    /// Names what the run creates, so that runs at the same time do not meet: 32 hexadecimal digits.
    pub run_id: String,
}

/// A key as the caller gave it.
#[derive(Clone, PartialEq, Eq)]
pub struct GivenKey(String);

impl Keys {
    /// The caller's key with fresh company.
    pub fn new(real: Option<String>, reader: Option<ApiKey>, random: &dyn Random) -> Self {
        Self {
            real: real.map(GivenKey),
            reader,
            canary: ApiKey::generate(hokusai_core::key::Environment::Test, random),
            run_id: hex_id(random),
        }
    }

    /// The same keys for another run: a new canary and a new name for what is created.
    #[must_use]
    pub fn again(keys: &Self, random: &dyn Random) -> Self {
        Self {
            real: keys.real.clone(),
            ..Self::new(None, keys.reader.clone(), random)
        }
    }

    /// What of the caller's key may be shown.
    pub fn masked(&self) -> Option<String> {
        let real = self.real.as_ref()?;
        Some(match ApiKey::parse(&real.0) {
            Ok(_) => {
                let environment = real.0.split('_').nth(1).unwrap_or_default();
                format!("hk_{environment}_(masked)")
            }
            Err(_) => "(masked, not the form of a key)".to_owned(),
        })
    }
}

impl GivenKey {
    /// The key, to be sent.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for GivenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GivenKey(…)")
    }
}
