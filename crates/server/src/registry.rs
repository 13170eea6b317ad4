//! The registry service: MLflow's tracking API, model registry and artifacts, and the Models API.

mod audit;
pub(crate) mod event;
pub mod openapi;
mod space;
mod uploads;

use std::sync::Arc;

use axum::{Extension, Router};
use hokusai_artifacts::Artifacts;
use hokusai_core::clock::Clock;
use hokusai_core::random::Random;
use hokusai_store::Store;
use hokusai_store::batch::BatchQueue;

use crate::authority::Authority;
use crate::gate::Access;
use crate::metrics::Metrics;
use crate::mlflow::runs::LogMetric;
use crate::routing::{self, Route};
use crate::{api, health, mlflow};
use space::SpaceSeries;
use uploads::Uploads;

/// What the registry's handlers share.
#[derive(Clone)]
pub struct RegistryState {
    /// The registry's database.
    pub store: Store,
    /// The registry's artifacts.
    pub artifacts: Artifacts,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes for ids.
    pub random: Arc<dyn Random>,
    /// Points that wait to be logged together.
    pub(crate) log_metric: BatchQueue<LogMetric>,
    /// What uploads may take.
    pub(crate) uploads: Arc<Uploads>,
}

impl RegistryState {
    /// The state over a database and a place for artifacts.
    pub fn new(
        store: Store,
        artifacts: Artifacts,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            log_metric: BatchQueue::new(store.clone()),
            store,
            artifacts,
            clock,
            random,
            uploads: Arc::default(),
        }
    }

    /// Limits what all uploads together may take, in bytes.
    #[must_use]
    pub fn with_upload_quota(mut self, quota_bytes: Option<u64>) -> Self {
        self.uploads = Arc::new(Uploads::with_quota(quota_bytes));
        self
    }
}

/// Every route of the registry.
pub fn routes() -> Vec<Route<RegistryState>> {
    let mut routes = mlflow::routes::all();
    routes.extend(api::models::routes());
    routes.extend(audit::routes());
    routes.extend(health::registry_routes());
    routes
        .push(Route::get("/openapi.json", Access::Public, openapi::serve).describe(&openapi::DOC));
    routes
}

/// The registry as a router; without an authority (`--no-auth`) everybody may read and write it.
pub fn router(state: RegistryState, authority: Option<&Arc<dyn Authority>>) -> Router {
    let random = Arc::clone(&state.random);
    let mut metrics = Metrics::new("registry");
    metrics.look_at(SpaceSeries::of(&state));
    let router = routing::service("registry", routes(), state, authority, random, metrics);
    match authority {
        // For `/health`, which says how long ago keys were last confirmed.
        Some(authority) => router.layer(Extension(Arc::clone(authority))),
        None => router,
    }
}
