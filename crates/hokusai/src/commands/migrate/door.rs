//! Hokusai's own front door as a cloud: weights between the table that it enforces and the next one.
//!
//! A client's address decides which table it gets, so a client stays on the new side while its share grows, and requests are
//! never spread over both. The same process enforces both tables: nothing has to be attached, and nobody keeps an old address.

mod direct;

use std::collections::BTreeMap;
use std::path::PathBuf;

use hokusai_frontdoor::admin::client::{Address, AdminClient, AdminError};
use hokusai_frontdoor::admin::protocol::{LoadNext, Status, Step, TableStatus, Weights};
use hokusai_migrate::cloud::{
    Applied, Cloud, CloudError, GroupHealth, Identity, Settling, Traffic,
};
use hokusai_migrate::plan::Plan;
use hokusai_routes::model::Table;
use hokusai_routes::{reader, source::Source};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use self::direct::DirectDoor;
use super::arguments::PlanArguments;
use crate::exit::Failure;

/// Name of this cloud in a plan.
pub(super) const KIND: &str = "front-door";

/// A running front door, by its admin socket.
pub(super) struct Door {
    socket: PathBuf,
    client: AdminClient,
    runtime: tokio::runtime::Runtime,
    /// The text of the table that it enforces at the start.
    current: String,
    /// The text of the table that it is to enforce, once there is a plan.
    next: Option<String>,
    /// What relative names of certificate files start at.
    name: String,
    /// Enforces the next table alone while it is asked directly.
    direct: Option<DirectDoor>,
}

impl Door {
    /// As the command line of `plan` says.
    pub(super) fn of_arguments(arguments: &PlanArguments) -> anyhow::Result<Self> {
        let missing = |flag: &str| {
            Failure::usage(
                format!("--cloud front-door needs {flag}"),
                "see `hokusai migrate plan --help`",
            )
        };
        let socket = arguments
            .admin_socket
            .clone()
            .ok_or_else(|| missing("--admin-socket"))?;
        let file = arguments
            .current
            .clone()
            .ok_or_else(|| missing("--current"))?;
        let current = std::fs::read_to_string(&file).map_err(|error| {
            Failure::usage(
                format!("cannot read `{}`: {error}", file.display()),
                "--current names the rule file of the front door",
            )
        })?;
        let name = std::path::absolute(&arguments.next)?.display().to_string();
        Self::new(std::path::absolute(socket)?, current, None, name)
    }

    /// As a plan pins it.
    pub(super) fn of_plan(plan: &Plan) -> anyhow::Result<Self> {
        let pinned = |name: &str| {
            let pins = &plan.identity.pinned;
            let found = pins.iter().find(|(pin, _)| pin == name);
            found.map(|(_, value)| value.clone()).ok_or_else(|| {
                Failure::usage(
                    format!("the plan does not say its {name}"),
                    "make a new plan",
                )
            })
        };
        Self::new(
            pinned(SOCKET)?.into(),
            plan.current.clone(),
            Some(plan.next.clone()),
            pinned(NEXT)?,
        )
    }

    fn new(
        socket: PathBuf,
        current: String,
        next: Option<String>,
        name: String,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            client: AdminClient::new(Address::Socket(socket.clone())),
            socket,
            runtime: tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?,
            current,
            next,
            name,
            direct: None,
        })
    }

    fn status(&self) -> Result<Status, CloudError> {
        self.runtime
            .block_on(self.client.status())
            .map_err(|error| failed(&error))
    }

    /// The digest of the table that the plan leads to.
    fn planned_digest(&self) -> Option<String> {
        self.next.as_deref().map(digest)
    }

    /// Whether the table of the plan is the only one: after the clean-up.
    fn is_promoted(&self, status: &Status) -> bool {
        self.planned_digest().as_deref() == Some(status.current.digest.as_str())
    }
}

impl Cloud for Door {
    fn identity(&mut self) -> Result<Identity, CloudError> {
        self.status()?;
        let pinned = vec![
            (SOCKET.to_owned(), self.socket.display().to_string()),
            (NEXT.to_owned(), self.name.clone()),
        ];
        Ok(Identity {
            kind: KIND.to_owned(),
            pinned,
        })
    }

    fn current(&mut self) -> Result<Table, CloudError> {
        let status = self.status()?;
        if status.current.digest != digest(&self.current) {
            return Err(changed(
                "the table that is enforced",
                &digest(&self.current),
                &status.current.digest,
            ));
        }
        table(&status.current.name, &self.current)
    }

    fn current_text(&mut self) -> Result<Option<String>, CloudError> {
        Ok(Some(self.current.clone()))
    }

    fn next(&mut self) -> Result<Option<Table>, CloudError> {
        let (status, planned) = (self.status()?, self.planned_digest());
        match (status.next, planned, &self.next) {
            (Some(next), Some(planned), Some(text)) if next.digest == planned => {
                table(&next.name, text).map(Some)
            }
            (Some(next), planned, _) => Err(changed(
                "the next table",
                &planned.unwrap_or_default(),
                &next.digest,
            )),
            (None, ..) => Ok(None),
        }
    }

    fn traffic(&mut self) -> Result<Traffic, CloudError> {
        let status = self.status()?;
        if self.is_promoted(&status) {
            return Ok(Traffic {
                percent_next: Some(100),
                exact: json!({"current": status.current.digest}),
            });
        }
        let shares: BTreeMap<&str, u8> = status
            .listeners
            .iter()
            .map(|listener| (listener.name.as_str(), listener.next_percent))
            .collect();
        Ok(traffic(&status.current.digest, &shares))
    }

    fn traffic_at(&mut self, plan: &Plan, percent: u8) -> Result<Traffic, CloudError> {
        let shares = plan
            .traffic_before
            .exact
            .get("next_percent")
            .and_then(Value::as_object);
        let shares = shares
            .into_iter()
            .flatten()
            .map(|(name, _)| (name.as_str(), percent))
            .collect();
        Ok(traffic(&digest(&plan.current), &shares))
    }

    fn set_traffic(&mut self, expected: &Traffic, wanted: &Traffic) -> Result<(), CloudError> {
        let live = self.traffic()?;
        if live == *wanted {
            return Ok(());
        }
        if live != *expected {
            return Err(changed(
                "the shares",
                &expected.exact.to_string(),
                &live.exact.to_string(),
            ));
        }
        let Some(next_percent) = wanted.percent_next else {
            return Err(CloudError::Failed(
                "the shares of the listeners differ: set them by `hokusai front-door weights`"
                    .to_owned(),
            ));
        };
        let weights = Weights {
            listener: None,
            next_percent,
            if_revision: Some(self.status()?.revision),
        };
        self.runtime
            .block_on(self.client.weights(&weights))
            .map_err(|error| failed(&error))?;
        Ok(())
    }

    fn settling(&mut self) -> Result<Settling, CloudError> {
        // One process, one atomic change.
        Ok(Settling::Settled)
    }

    fn apply(&mut self, plan: &Plan) -> Result<Applied, CloudError> {
        let status = self.status()?;
        if planned_next(plan, &status)?.is_none() {
            let next = LoadNext {
                name: self.name.clone(),
                text: plan.next.clone(),
                accept_intent_change: false,
                if_revision: Some(status.revision),
            };
            self.runtime
                .block_on(self.client.load_next(&next))
                .map_err(|error| failed(&error))?;
        }
        Ok(Applied::Stands(vec![
            "the front door proved the new table and keeps it beside the current one".to_owned(),
        ]))
    }

    fn unapply(&mut self, plan: &Plan) -> Result<Vec<String>, CloudError> {
        self.direct = None;
        let status = self.status()?;
        if planned_next(plan, &status)?.is_none() {
            return Ok(Vec::new());
        }
        let step = Step {
            if_revision: Some(status.revision),
        };
        self.runtime
            .block_on(self.client.rollback(&step))
            .map_err(|error| failed(&error))?;
        Ok(vec!["the new table is taken away".to_owned()])
    }

    fn attach(&mut self, _plan: &Plan) -> Result<Vec<String>, CloudError> {
        Ok(vec!["the new table names its targets itself".to_owned()])
    }

    fn detach(&mut self, _plan: &Plan) -> Result<Vec<String>, CloudError> {
        Ok(Vec::new())
    }

    fn direct(&mut self, plan: &Plan) -> Result<BTreeMap<String, String>, CloudError> {
        if self.direct.is_none() {
            self.direct = Some(DirectDoor::start(&self.runtime, plan, &self.name)?);
        }
        Ok(self
            .direct
            .as_ref()
            .map(|door| door.addresses(plan))
            .unwrap_or_default())
    }

    fn lingers(&self) -> bool {
        // A kept connection asks the table anew for each request.
        false
    }

    fn health(&mut self, plan: &Plan) -> Result<Vec<GroupHealth>, CloudError> {
        let status = self.status()?;
        let groups = planned_next(plan, &status)?.map_or(&[][..], |next| next.groups.as_slice());
        let health = groups.iter().map(|group| GroupHealth {
            group: group.name.clone(),
            healthy: count(group.targets.iter().filter(|target| target.is_healthy)),
            targets: count(group.targets.iter()),
        });
        Ok(health.collect())
    }

    fn clean_up(&mut self, plan: &Plan) -> Result<Vec<String>, CloudError> {
        self.direct = None;
        let status = self.status()?;
        if !self.is_promoted(&status) {
            if planned_next(plan, &status)?.is_none() {
                return Err(CloudError::Failed(
                    "the next table is gone: load it again, or roll back".to_owned(),
                ));
            }
            let step = Step {
                if_revision: Some(status.revision),
            };
            self.runtime
                .block_on(self.client.promote(&step))
                .map_err(|error| failed(&error))?;
        }
        Ok(vec![
            "the new table is the only one that is enforced".to_owned(),
            format!(
                "left to you: put `{}` in the place of the old rule file, for the next start",
                self.name
            ),
        ])
    }
}

/// The next table, which must be the planned one.
fn planned_next<'s>(
    plan: &Plan,
    status: &'s Status,
) -> Result<Option<&'s TableStatus>, CloudError> {
    match &status.next {
        Some(next) if next.digest != digest(&plan.next) => {
            Err(changed("the next table", &digest(&plan.next), &next.digest))
        }
        next => Ok(next.as_ref()),
    }
}

/// Shares of listeners as traffic.
fn traffic(current: &str, shares: &BTreeMap<&str, u8>) -> Traffic {
    let mut values = shares.values();
    let first = values.next().copied();
    let is_one = values.all(|share| Some(*share) == first);
    Traffic {
        percent_next: first.filter(|_| is_one),
        exact: json!({"current": current, "next_percent": shares}),
    }
}

fn table(name: &str, text: &str) -> Result<Table, CloudError> {
    let reading = reader::toml::read(&Source::new(0, name.to_owned(), text.to_owned()));
    match reading.findings.iter().find(|finding| finding.is_failure()) {
        None => Ok(reading.table),
        Some(finding) => Err(CloudError::Failed(format!(
            "the table `{name}` is not understood: {}",
            finding.message
        ))),
    }
}

/// SHA-256 in hexadecimal digits, as the front door shows it.
fn digest(text: &str) -> String {
    use std::fmt::Write as _;
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

fn changed(what: &str, expected: &str, found: &str) -> CloudError {
    CloudError::Changed {
        what: what.to_owned(),
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

fn failed(error: &AdminError) -> CloudError {
    match error {
        AdminError::Refused {
            status: 409,
            refusal,
        } => changed("the front door", "what was last seen", &refusal.message),
        other => CloudError::Failed(other.to_string()),
    }
}

const SOCKET: &str = "admin socket";
const NEXT: &str = "next table";
