//! Changing what is enforced: reload, a second table, its share, promotion and the way back.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use hokusai_wire::tls::Identity;

use crate::admin::protocol::{GroupStatus, ListenerStatus, Status, TableStatus, TargetStatus};
use crate::certificates;
use crate::generation::Generation;
use crate::health;
use crate::hex;
use crate::installed::Installed;
use crate::load::{Accept, LoadError, Loaded, Proof, SharedTable, read_text};
use crate::shared::Shared;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    /// The table.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// There is no next table.
    #[error("there is no next table: load one first")]
    NoNext,
    /// Nothing was loaded or promoted.
    #[error("there is nothing to roll back: neither a next table nor one from before a promotion")]
    NothingToRollBack,
    /// A next table is loaded.
    #[error("a next table is loaded: promote it or roll it back first")]
    NextIsLoaded,
    /// No such listener.
    #[error("there is no listener `{0}`")]
    UnknownListener(String),
    /// More than all clients.
    #[error("{0} % is no share: 0 to 100")]
    Share(u8),
    /// Somebody else was faster.
    #[error(
        "revision {expected} was expected, but {found} is enforced: look at the status and decide again"
    )]
    Revision {
        /// What the caller knew.
        expected: u64,
        /// What is.
        found: u64,
    },
    /// The process was started without a file.
    #[error("this front door has no rule file to read again")]
    NoFile,
    /// The prover broke off.
    #[error("the prover ended badly; nothing was changed")]
    Broken,
}

impl Shared {
    /// Reads the rule file again and enforces it; nothing changes if it says what is enforced already.
    pub(crate) async fn reload(
        &self,
        accepts_intent_change: bool,
        expected: Option<u64>,
    ) -> Result<u64, ControlError> {
        let mut followed = self.changing.lock().await;
        let installed = self.expect(expected)?;
        let path = self.routes_file.clone().ok_or(ControlError::NoFile)?;
        let file = path.clone();
        let text = blocking(move || read_text(&file)).await??;
        let digest = hex::sha256(text.as_bytes());
        if digest == followed.digest && !followed.is_refused {
            return Ok(installed.revision);
        }
        followed.digest = digest;
        followed.is_refused = true;
        if installed.next.is_some() {
            return Err(ControlError::NextIsLoaded);
        }
        let loaded = blocking(move || Loaded::of_file(&path, text)).await??;
        let current = self
            .prepare(loaded, &installed, accepts_intent_change)
            .await?;
        let revision = self
            .install(Installed {
                revision: installed.revision + 1,
                current,
                previous: None,
                next: None,
                next_percent: BTreeMap::new(),
            })
            .await?;
        followed.is_refused = false;
        Ok(revision)
    }

    /// Reads all certificates again; new connections get them.
    pub(crate) async fn reload_certificates(&self) -> Result<(), ControlError> {
        let _changing = self.changing.lock().await;
        self.show_certificates(&self.installed()).await
    }

    /// Proves a table and keeps it beside the current one, with no clients yet.
    pub(crate) async fn load_next(
        &self,
        name: String,
        directory: PathBuf,
        text: String,
        accepts_intent_change: bool,
        expected: Option<u64>,
    ) -> Result<u64, ControlError> {
        let _changing = self.changing.lock().await;
        let installed = self.expect(expected)?;
        let loaded = blocking(move || Loaded::parse(name, directory, text)).await??;
        let next = self
            .prepare(loaded, &installed, accepts_intent_change)
            .await?;
        self.install(Installed {
            revision: installed.revision + 1,
            next: Some(next),
            next_percent: BTreeMap::new(),
            ..Installed::clone(&installed)
        })
        .await
    }

    /// Gives `next` a share of the clients of one listener, or of all.
    pub(crate) async fn set_share(
        &self,
        listener: Option<&str>,
        percent: u8,
        expected: Option<u64>,
    ) -> Result<u64, ControlError> {
        let _changing = self.changing.lock().await;
        let installed = self.expect(expected)?;
        if percent > 100 {
            return Err(ControlError::Share(percent));
        }
        if installed.next.is_none() {
            return Err(ControlError::NoNext);
        }
        let mut changed = Installed::clone(&installed);
        changed.revision += 1;
        let mut names = installed.current.listeners.keys();
        match listener {
            Some(name) if !names.any(|known| known == name) => {
                return Err(ControlError::UnknownListener(name.to_owned()));
            }
            Some(name) => {
                changed.next_percent.insert(name.to_owned(), percent);
            }
            None => changed.next_percent = names.map(|name| (name.clone(), percent)).collect(),
        }
        self.install(changed).await
    }

    /// Makes the next table the current one.
    pub(crate) async fn promote(&self, expected: Option<u64>) -> Result<u64, ControlError> {
        let _changing = self.changing.lock().await;
        let installed = self.expect(expected)?;
        let next = installed.next.clone().ok_or(ControlError::NoNext)?;
        self.install(Installed {
            revision: installed.revision + 1,
            current: next,
            previous: Some(Arc::clone(&installed.current)),
            next: None,
            next_percent: BTreeMap::new(),
        })
        .await
    }

    /// Undoes one step: takes the next table away, or puts back what was current before the last promotion.
    pub(crate) async fn roll_back(&self, expected: Option<u64>) -> Result<u64, ControlError> {
        let _changing = self.changing.lock().await;
        let installed = self.expect(expected)?;
        let mut changed = Installed::clone(&installed);
        changed.revision += 1;
        changed.next_percent = BTreeMap::new();
        if changed.next.take().is_none() {
            changed.current = changed
                .previous
                .take()
                .ok_or(ControlError::NothingToRollBack)?;
        }
        self.install(changed).await
    }

    /// What is enforced, and how the targets are.
    pub(crate) fn status(&self) -> Status {
        let installed = self.installed();
        let listeners = self.addresses.iter().map(|(name, url)| ListenerStatus {
            name: name.clone(),
            url: url.clone(),
            next_percent: installed.next_percent.get(name).copied().unwrap_or(0),
        });
        Status {
            revision: installed.revision,
            listeners: listeners.collect(),
            current: table_status(&installed.current),
            next: installed.next.as_deref().map(table_status),
            previous: installed.previous.as_deref().map(table_status),
        }
    }

    fn expect(&self, expected: Option<u64>) -> Result<Arc<Installed>, ControlError> {
        let installed = self.installed();
        match expected {
            Some(expected) if expected != installed.revision => Err(ControlError::Revision {
                expected,
                found: installed.revision,
            }),
            _ => Ok(installed),
        }
    }

    /// Proves that `loaded` may follow, makes its groups, and asks new targets once, so that the change itself turns nobody away.
    async fn prepare(
        &self,
        loaded: Loaded,
        installed: &Installed,
        intent_change: bool,
    ) -> Result<Arc<Generation>, ControlError> {
        let running = Arc::clone(&installed.current.loaded);
        let accept = Accept {
            intent_change,
            ..self.accept
        };
        let loaded = blocking(move || {
            loaded.may_follow(&running, accept)?;
            Ok::<_, LoadError>(Arc::new(loaded))
        })
        .await??;
        let known: Vec<_> = installed
            .generations()
            .map(|(_, one)| Arc::clone(one))
            .collect();
        let generation = Generation::new(loaded, &known, &self.services, &self.metrics)
            .map_err(LoadError::from)?;
        for group in generation.new_groups(&known) {
            health::warm_up(group).await;
            health::watch_all(group, &self.shutdown);
        }
        Ok(Arc::new(generation))
    }

    async fn install(&self, changed: Installed) -> Result<u64, ControlError> {
        // Certificates first: a table must not run without its own.
        self.show_certificates(&changed).await?;
        let revision = changed.revision;
        *self
            .installed
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(changed);
        self.metrics.reloads.fetch_add(1, Ordering::Relaxed);
        tracing::info!(revision, "revision {revision} of the rules is enforced");
        Ok(revision)
    }

    async fn show_certificates(&self, installed: &Installed) -> Result<(), ControlError> {
        if self.tls.is_empty() {
            return Ok(());
        }
        let tables: Vec<SharedTable> = installed
            .generations()
            .map(|(_, one)| Arc::clone(&one.loaded))
            .collect();
        let mut identities = blocking(move || read_certificates(&tables)).await??;
        for (listener, tls) in &self.tls {
            tls.replace(identities.remove(listener).unwrap_or_default());
        }
        Ok(())
    }
}

/// The certificates of each listener, those of the current table first.
pub(crate) fn read_certificates(
    tables: &[SharedTable],
) -> Result<BTreeMap<String, Vec<Identity>>, LoadError> {
    let mut found: BTreeMap<String, Vec<Identity>> = BTreeMap::new();
    for table in tables {
        for listener in &table.table.listeners {
            let identities = certificates::identities(table, listener)?;
            found
                .entry(listener.name.clone())
                .or_default()
                .extend(identities);
        }
    }
    Ok(found)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ControlError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| ControlError::Broken)
}

fn table_status(generation: &Generation) -> TableStatus {
    let loaded = &generation.loaded;
    let (proven, unproven_because) = match &loaded.proof {
        Proof::Proven(sentences) => (sentences.clone(), None),
        Proof::Unproven(why) => (Vec::new(), Some(why.clone())),
    };
    TableStatus {
        name: loaded.name.clone(),
        digest: loaded.digest.clone(),
        rules: loaded
            .table
            .listeners
            .iter()
            .map(|listener| listener.rules.len())
            .sum(),
        proven,
        unproven_because,
        groups: generation
            .groups
            .values()
            .map(|group| group_status(group))
            .collect(),
    }
}

fn group_status(group: &crate::group::Group) -> GroupStatus {
    let targets = group.targets.iter().map(|target| TargetStatus {
        name: target.name.clone(),
        is_healthy: target.is_healthy(),
    });
    GroupStatus {
        name: group.name.clone(),
        in_flight: group.in_flight(),
        queued: group.counters.queued.load(Ordering::Relaxed),
        full: group.counters.full.load(Ordering::Relaxed),
        targets: targets.collect(),
    }
}
