//! Who judges keys: the auth service in this process, or one over HTTP.

pub mod http;
pub mod stale;

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use hokusai_core::access::{Action, Scope};

use crate::error::ApiError;

/// A key as it was presented with a request.
#[derive(Clone)]
pub struct Presented {
    /// The raw key.
    pub key: String,
    /// The header that it was read from, for messages.
    pub source: &'static str,
    /// The client's address; `None` when a trusted proxy did not say, which fails every allowlist.
    pub client_ip: Option<IpAddr>,
    /// What the request is about to do.
    pub action: Action,
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented")
            .field("source", &self.source)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

/// What an accepted key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The key's id.
    pub key_id: String,
    /// Its owner.
    pub user: String,
    /// Its scopes.
    pub scopes: Vec<Scope>,
    /// Headers for the response: the state of the rate limit, or that the verdict is stale.
    pub headers: Vec<(&'static str, String)>,
}

/// The answer to a judgement, whenever it comes.
pub type Judgement<'a> = Pin<Box<dyn Future<Output = Result<Identity, ApiError>> + Send + 'a>>;

/// Judges keys: unknown, revoked, expired, from the wrong address, without the scope or over its rate are refused with their reason;
/// "the store is away" is never a refusal of the key.
pub trait Authority: Send + Sync + 'static {
    /// Judges one presented key for one action. Spends a token of the key's rate.
    fn judge(&self, presented: Presented) -> Judgement<'_>;

    /// How long ago the key database was last heard, in milliseconds; none if it never was.
    fn heard_ms_ago(&self) -> Option<u64>;
}
