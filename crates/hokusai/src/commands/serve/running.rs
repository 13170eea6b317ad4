//! The services while they run.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use hokusai_artifacts::Artifacts;
use hokusai_core::clock::Clock;
use hokusai_core::random::Random;
use hokusai_frontdoor::service::Services;
use hokusai_server::audit::{ANCHOR_MS, Anchor};
use hokusai_server::auth::service::{AuthService, EPOCH_POLL_MS, FLUSH_MS};
use hokusai_server::authority::Authority;
use hokusai_server::authority::http::{FOLLOW_MS, HttpAuthority};
use hokusai_server::registry::{self, RegistryState};
use hokusai_store::statement::Schema;
use hokusai_store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::opening::{open, open_artifacts};
use super::{Part, bootstrap, listening};
use crate::config::Config;
use crate::system::{SystemClock, SystemRandom};

/// Running services, and how to stop them.
pub(crate) struct Running {
    urls: Vec<(&'static str, String)>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    stores: Vec<Store>,
    artifacts: Option<Artifacts>,
    auth: Option<AuthService>,
    routers: Vec<(&'static str, Router)>,
}

/// Opens the databases, makes the first key if need be, binds the listeners and serves.
pub(crate) async fn start(config: &Config, part: Option<&Part>) -> anyhow::Result<Running> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    let (stop, _) = watch::channel(false);
    let mut running = Running {
        urls: Vec::new(),
        stop,
        tasks: JoinSet::new(),
        stores: Vec::new(),
        artifacts: None,
        auth: None,
        routers: Vec::new(),
    };
    if !matches!(part, Some(Part::Registry)) {
        running.start_auth(config, &clock, &random).await?;
    }
    if !matches!(part, Some(Part::Auth)) {
        let authority = running.authority(config, &clock, &random)?;
        running
            .start_registry(config, clock, random, authority.as_ref())
            .await?;
    }
    Ok(running)
}

impl Running {
    /// Name and base URL of each service.
    pub(crate) fn urls(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.urls
            .iter()
            .map(|(service, url)| (*service, url.as_str()))
    }

    /// The services as the front door of this process reaches them: `service:auth` and `service:registry`.
    pub(crate) fn services(&self, config: &Config) -> anyhow::Result<Services> {
        let mut services = Services::default();
        for (name, router) in &self.routers {
            services.mount(*name, listening::mounted(router.clone(), config)?);
        }
        Ok(services)
    }

    /// Stops accepting, lets requests finish for a while, writes what is behind and closes the databases.
    pub(crate) async fn stop(mut self) {
        let _ = self.stop.send(true);
        let drained = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            tracing::warn!(
                "some requests did not finish in {} s and are cut off",
                DRAIN.as_secs()
            );
        }
        if let Some(artifacts) = &self.artifacts
            && tokio::time::timeout(DRAIN, artifacts.settle())
                .await
                .is_err()
        {
            tracing::warn!(
                "uploads that were cut off could not be aborted in the object store; a start in a day does it"
            );
        }
        if let Some(auth) = &self.auth
            && let Err(error) = auth.close().await
        {
            tracing::error!(error = %error, "the last usage counts could not be written");
        }
        let stores = std::mem::take(&mut self.stores);
        if tokio::task::spawn_blocking(move || stores.iter().for_each(Store::close))
            .await
            .is_err()
        {
            tracing::error!("a database thread ended badly");
        }
    }

    async fn start_auth(
        &mut self,
        config: &Config,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
    ) -> anyhow::Result<()> {
        let store = open(config, Schema::Auth).await?;
        self.stores.push(store.clone());
        bootstrap::first_key(
            &store,
            clock.as_ref(),
            random.as_ref(),
            config.auth.bootstrap_key_file.as_deref(),
        )
        .await?;
        self.name_the_end_of(&store, Schema::Auth);
        let service = AuthService::open(
            store,
            Arc::clone(clock),
            Arc::clone(random),
            config.auth.stale_window,
        )
        .await?;
        self.serve(
            config,
            "auth",
            config.listeners.auth,
            hokusai_server::auth::router(&service),
        )
        .await?;
        self.follow_changes(service.clone());
        self.every(
            FLUSH_MS,
            "usage could not be written and waits",
            service.clone(),
            |service| async move { service.flush().await },
        );
        self.auth = Some(service);
        Ok(())
    }

    async fn start_registry(
        &mut self,
        config: &Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        authority: Option<&Arc<dyn Authority>>,
    ) -> anyhow::Result<()> {
        let store = open(config, Schema::Registry).await?;
        self.stores.push(store.clone());
        self.name_the_end_of(&store, Schema::Registry);
        let artifacts = open_artifacts(config, clock.as_ref()).await?;
        self.artifacts = Some(artifacts.clone());
        let state = RegistryState::new(store, artifacts, clock, random)
            .with_upload_quota(config.storage.upload_quota_bytes);
        self.serve(
            config,
            "registry",
            config.listeners.registry,
            registry::router(state, authority),
        )
        .await
    }

    fn authority(
        &mut self,
        config: &Config,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
    ) -> anyhow::Result<Option<Arc<dyn Authority>>> {
        if config.auth.no_auth {
            tracing::warn!("--no-auth: everybody who reaches the registry may read and write it");
            return Ok(None);
        }
        if let Some(service) = &self.auth {
            return Ok(Some(Arc::new(service.clone())));
        }
        let remote = &config.auth.remote;
        let authority = Arc::new(HttpAuthority::new(
            remote.url()?,
            remote.credential()?,
            Arc::clone(clock),
            Arc::clone(random),
            config.auth.stale_window,
        )?);
        self.follow_auth_service(Arc::clone(&authority));
        Ok(Some(authority))
    }

    async fn serve(
        &mut self,
        config: &Config,
        name: &'static str,
        address: SocketAddr,
        router: Router,
    ) -> anyhow::Result<()> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("the {name} service cannot listen on {address}"))?;
        let bound = listener.local_addr()?;
        tracing::info!(service.name = name, listen.address = %bound, "the {name} service listens on http://{bound}");
        self.urls.push((name, format!("http://{bound}")));
        self.routers.push((name, router.clone()));
        let stopped = self.stop.subscribe();
        self.tasks
            .spawn(listening::serve(name, listener, router, config, stopped)?);
        Ok(())
    }

    /// Keeps a registry's memory of keys confirmed.
    fn follow_auth_service(&mut self, authority: Arc<HttpAuthority>) {
        let mut stopped = self.stop.subscribe();
        self.tasks.spawn(async move {
            let mut ticks = patient_ticks(FOLLOW_MS);
            loop {
                tokio::select! {
                    _ = stopped.changed() => return,
                    _ = ticks.tick() => {}
                }
                authority.follow().await;
            }
        });
    }

    /// Keeps the snapshot of keys confirmed: at once when a notice arrives, and from time to time in case one did not.
    fn follow_changes(&mut self, service: AuthService) {
        let mut stopped = self.stop.subscribe();
        let mut changes = service.store().changes();
        self.tasks.spawn(async move {
            let mut ticks = patient_ticks(EPOCH_POLL_MS);
            let mut is_hearing = true;
            loop {
                let answered = tokio::select! {
                    _ = stopped.changed() => return,
                    Ok(()) = changes.changed() => service.follow().await,
                    _ = ticks.tick() => service.follow().await,
                };
                match (&answered, is_hearing) {
                    (Err(error), true) => {
                        tracing::warn!(error = %error, "the auth database does not answer; known keys keep working");
                    }
                    (Ok(()), false) => tracing::info!("the auth database answers"),
                    _ => {}
                }
                is_hearing = answered.is_ok();
            }
        });
    }

    /// Lets the program's log say where an audit log ends.
    fn name_the_end_of(&mut self, store: &Store, log: Schema) {
        self.every(
            ANCHOR_MS,
            "the audit log could not be read",
            Anchor::new(store.clone(), log),
            |anchor| async move { anchor.name().await },
        );
    }

    /// Does `work` again and again; `failure` says what it is when it fails.
    fn every<S, F, R>(&mut self, period_ms: u64, failure: &'static str, state: S, work: F)
    where
        S: Clone + Send + Sync + 'static,
        F: Fn(S) -> R + Send + 'static,
        R: Future<Output = Result<(), StoreError>> + Send,
    {
        let mut stopped = self.stop.subscribe();
        self.tasks.spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(period_ms));
            loop {
                tokio::select! {
                    _ = stopped.changed() => return,
                    _ = ticks.tick() => {}
                }
                if let Err(error) = work(state.clone()).await {
                    tracing::warn!(error = %error, "{failure}");
                }
            }
        });
    }
}

/// Ticks that are not made up for when the work took longer.
fn patient_ticks(period_ms: u64) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(Duration::from_millis(period_ms));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}

/// How long requests may take to finish after a stop.
pub(super) const DRAIN: Duration = Duration::from_secs(10);
