//! From bytes to a table that may be enforced: parsed, proven, and compared with what runs (security 17).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hokusai_routes::finding::{Finding, Severity};
use hokusai_routes::findings::{self, Report};
use hokusai_routes::model::{HostIntent, Intent, Table};
use hokusai_routes::reader;
use hokusai_routes::source::Source;

use crate::hex;
use crate::unsupported::{self, Unsupported};

/// A table with the bytes that it was read from, and what was proven of exactly these.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What to call it in messages: the file's name.
    pub name: String,
    /// Where relative names of certificate files start.
    pub directory: PathBuf,
    /// The table.
    pub table: Table,
    /// The SHA-256 of the text, in hexadecimal digits.
    pub digest: String,
    /// What was proven, or why it was not.
    pub proof: Proof,
}

/// What the prover says of a table.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Sentences that hold.
    Proven(Vec<String>),
    /// The first thing that is wrong, or that there is no intent.
    Unproven(String),
}

/// What may be missing for a table to be enforced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accept {
    /// A table that is not proven. Only ever from the start of the process.
    pub unproven: bool,
    /// Another intent than the running one. Only ever for one reload.
    pub intent_change: bool,
}

/// Why a table is not enforced.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is not there.
    #[error("the rule table `{name}` cannot be read")]
    Unreadable {
        /// The file.
        name: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not all of it was understood.
    #[error("the rule table `{name}` is not understood: {message}")]
    NotUnderstood {
        /// The file.
        name: String,
        /// The first finding.
        message: String,
    },
    /// The prover does not accept it.
    #[error("the rule table `{name}` is not proven: {why}")]
    Unproven {
        /// The file.
        name: String,
        /// The first thing that is wrong.
        why: String,
    },
    /// The new table says less about a host than the running one.
    #[error(
        "the rule table `{name}` changes the intent of host `{host}`, which the running table promises"
    )]
    IntentChange {
        /// The file.
        name: String,
        /// The host.
        host: String,
    },
    /// The new rules break the running intent.
    #[error("the rule table `{name}` breaks the running intent: {why}")]
    IntentBroken {
        /// The file.
        name: String,
        /// The first thing that is wrong.
        why: String,
    },
    /// Listeners come and go only with the process.
    #[error(
        "the rule table `{name}` has other listeners than those that run (name, protocol, port or address differ)"
    )]
    OtherListeners {
        /// The file.
        name: String,
    },
    /// It asks for what the front door can't do.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// A certificate.
    #[error("certificate `{chain}` of listener `{listener}`: {why}")]
    Certificate {
        /// The listener.
        listener: String,
        /// Its PEM file.
        chain: String,
        /// What is wrong.
        why: String,
    },
}

impl LoadError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "check the name and the permissions of the file",
            Self::NotUnderstood { .. } => "see all with `hokusai routes check`",
            Self::Unproven { .. } => {
                "mend it or add an [intent] section; `hokusai routes check` shows all; --accept-unproven, given at the start, serves it as it is"
            }
            Self::IntentChange { .. } | Self::IntentBroken { .. } => {
                "mend the table; if the intent itself has changed, say `hokusai front-door reload --accept-intent-change` (or `load-next` with it)"
            }
            Self::OtherListeners { .. } => "restart the front door to open or close listeners",
            Self::Unsupported(_) => "`docs/front-door.md` says what this front door does",
            Self::Certificate { .. } => {
                "correct the files; what runs keeps the certificates it has"
            }
        }
    }
}

impl Loaded {
    /// Reads, parses and proves a file. Takes as long as the prover: not for an async task.
    ///
    /// # Errors
    ///
    /// [`LoadError::Unreadable`], [`LoadError::NotUnderstood`], [`LoadError::Unsupported`].
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        Self::of_file(path, read_text(path)?)
    }

    /// The text of a file.
    pub(crate) fn of_file(path: &Path, text: String) -> Result<Self, LoadError> {
        let directory = path.parent().unwrap_or(Path::new(".")).to_owned();
        Self::parse(path.display().to_string(), directory, text)
    }

    /// The same with a text that is here already.
    ///
    /// # Errors
    ///
    /// [`LoadError::NotUnderstood`], [`LoadError::Unsupported`].
    pub fn parse(name: String, directory: PathBuf, text: String) -> Result<Self, LoadError> {
        let digest = hex::sha256(text.as_bytes());
        let reading = reader::toml::read(&Source::new(0, name.clone(), text));
        if !reading.is_complete() {
            let message = first_failure(&reading.findings).unwrap_or_default();
            return Err(LoadError::NotUnderstood { name, message });
        }
        unsupported::check(&reading.table)?;
        let proof = prove(&findings::check(&reading.table));
        Ok(Self {
            name,
            directory,
            table: reading.table,
            digest,
            proof,
        })
    }

    /// Whether it may be enforced where nothing runs yet.
    ///
    /// # Errors
    ///
    /// [`LoadError::Unproven`].
    pub fn may_start(&self, accept: Accept) -> Result<(), LoadError> {
        match &self.proof {
            Proof::Unproven(why) if !accept.unproven => Err(LoadError::Unproven {
                name: self.name.clone(),
                why: why.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether it may stand in for `running`: everything that this promises must still be promised, and must still hold.
    ///
    /// # Errors
    ///
    /// What is in the way.
    pub fn may_follow(&self, running: &Self, accept: Accept) -> Result<(), LoadError> {
        if shape(&self.table) != shape(&running.table) {
            return Err(LoadError::OtherListeners {
                name: self.name.clone(),
            });
        }
        if !accept.intent_change {
            self.keeps_intent(&running.table.intent)?;
        }
        self.may_start(accept)
    }

    fn keeps_intent(&self, promised: &Intent) -> Result<(), LoadError> {
        let is_kept = |old: &&HostIntent| {
            self.table
                .intent
                .host(&old.host)
                .is_some_and(|new| keeps(old, new))
        };
        if let Some(lost) = promised.hosts.iter().find(|old| !is_kept(old)) {
            return Err(LoadError::IntentChange {
                name: self.name.clone(),
                host: lost.host.clone(),
            });
        }
        let mut table = self.table.clone();
        table.intent = promised.clone();
        let report = findings::check(&table);
        match report
            .findings
            .iter()
            .find(|one| one.severity == Severity::Error)
        {
            Some(broken) if !promised.is_empty() => Err(LoadError::IntentBroken {
                name: self.name.clone(),
                why: broken.message.clone(),
            }),
            _ => Ok(()),
        }
    }
}

/// Whether `new` promises all that `old` does: it may reach no more, and must reach no less.
fn keeps(old: &HostIntent, new: &HostIntent) -> bool {
    let is_narrow = new.may.iter().all(|group| old.may.contains(group));
    let is_held = old.must.iter().all(|must| {
        let mut kept = new.must.iter();
        kept.any(|one| one.path == must.path && one.group == must.group)
    });
    is_narrow && is_held
}

fn shape(table: &Table) -> Vec<(&str, &str, u16, Option<std::net::IpAddr>)> {
    let mut shape: Vec<_> = table
        .listeners
        .iter()
        .map(|one| (one.name.as_str(), one.protocol.scheme(), one.port, one.bind))
        .collect();
    shape.sort_unstable();
    shape
}

fn prove(report: &Report) -> Proof {
    if report.is_proven() {
        return Proof::Proven(report.proven.clone());
    }
    let errors = report
        .findings
        .iter()
        .filter(|one| one.severity == Severity::Error);
    Proof::Unproven(
        errors
            .map(|finding| finding.message.clone())
            .next()
            .or_else(|| first_failure(&report.findings))
            .unwrap_or_else(|| "it says no intent that could be proven".to_owned()),
    )
}

fn first_failure(found: &[Finding]) -> Option<String> {
    let mut failures = found.iter().filter(|finding| finding.is_failure());
    failures.next().map(|finding| finding.message.clone())
}

pub(crate) fn read_text(path: &Path) -> Result<String, LoadError> {
    std::fs::read_to_string(path).map_err(|source| LoadError::Unreadable {
        name: path.display().to_string(),
        source,
    })
}

/// A table that several parts hold.
pub(crate) type SharedTable = Arc<Loaded>;
