//! What all listeners of a front door share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock};

use hokusai_wire::client_addr::TrustedProxies;
use hokusai_wire::shutdown::Shutdown;
use hokusai_wire::tls::Tls;

use crate::clear::KeysInClear;
use crate::follow::Followed;
use crate::installed::Installed;
use crate::load::Accept;
use crate::metrics::Metrics;
use crate::request_id::RequestIds;
use crate::service::Services;
use crate::sticky::Sticky;

/// Shared by listeners, admin side and the reader of changed files.
pub(crate) struct Shared {
    pub(crate) installed: RwLock<Arc<Installed>>,
    pub(crate) tls: BTreeMap<String, Tls>,
    pub(crate) metrics: Metrics,
    pub(crate) proxies: TrustedProxies,
    pub(crate) services: Services,
    pub(crate) sticky: Sticky,
    pub(crate) ids: RequestIds,
    pub(crate) turn: AtomicU64,
    pub(crate) keys_in_clear: KeysInClear,
    /// What was accepted at the start.
    pub(crate) accept: Accept,
    pub(crate) routes_file: Option<PathBuf>,
    pub(crate) shutdown: Shutdown,
    /// Name and address of each listener, for the status.
    pub(crate) addresses: Vec<(String, String)>,
    /// Whoever changes what is installed holds it, and with it what is known of the files.
    pub(crate) changing: tokio::sync::Mutex<Followed>,
}

impl Shared {
    /// What is enforced now. Requests that run keep what they began with.
    pub(crate) fn installed(&self) -> Arc<Installed> {
        Arc::clone(
            &self
                .installed
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}
