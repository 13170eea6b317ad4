//! What a migration acts on: the load balancers, the weights, the target groups.

use std::collections::BTreeMap;
use std::time::Duration;

use hokusai_routes::model::Table;
use serde::{Deserialize, Serialize};

use crate::plan::Plan;

/// Which installation this is. The plan pins it: a resumed migration that finds another one stops (security 23).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `front-door` or `aws`.
    pub kind: String,
    /// What names it and never changes: the admin socket, or account, region, load balancer ARNs and hosted zone.
    pub pinned: Vec<(String, String)>,
}

/// Where traffic goes: exact enough to be restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Per cent that go to the new side, when that is what the records say.
    pub percent_next: Option<u8>,
    /// The records or weights themselves, in a canonical order.
    pub exact: serde_json::Value,
}

/// What became of an order to make the new side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It stands.
    Stands(Vec<String>),
    /// Somebody else makes it: what to do.
    Waiting(String),
}

/// Whether a change of traffic has reached everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settling {
    /// It has.
    Settled,
    /// It has not: ask again after this time.
    Wait(Duration, String),
}

/// A target group of the new side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupHealth {
    /// Name.
    pub group: String,
    /// Targets that answer their health check.
    pub healthy: u32,
    /// All targets.
    pub targets: u32,
}

impl GroupHealth {
    /// Whether it has targets and all of them are healthy.
    pub const fn is_healthy(&self) -> bool {
        self.targets > 0 && self.healthy == self.targets
    }
}

/// Why the cloud did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// Somebody changed it since it was last read.
    #[error("{what} was changed by somebody else: expected {expected}, found {found}")]
    Changed {
        /// What was to be changed.
        what: String,
        /// What it was last known to be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// It refused or could not be asked.
    #[error("{0}")]
    Failed(String),
}

/// The seam. Every method is idempotent; those that change something take what they expect to find, and refuse otherwise.
pub trait Cloud {
    /// Which installation this is.
    fn identity(&mut self) -> Result<Identity, CloudError>;

    /// The table that carries traffic now: the shared one.
    fn current(&mut self) -> Result<Table, CloudError>;

    /// The text of that table, where the cloud itself keeps one in our own form.
    fn current_text(&mut self) -> Result<Option<String>, CloudError> {
        Ok(None)
    }

    /// The table of the new side, once it stands.
    fn next(&mut self) -> Result<Option<Table>, CloudError>;

    /// Where traffic goes now.
    fn traffic(&mut self) -> Result<Traffic, CloudError>;

    /// What traffic will look like with `percent` on the new side; changes nothing.
    fn traffic_at(&mut self, plan: &Plan, percent: u8) -> Result<Traffic, CloudError>;

    /// Makes traffic `wanted`, if it is `expected` (or `wanted` already).
    fn set_traffic(&mut self, expected: &Traffic, wanted: &Traffic) -> Result<(), CloudError>;

    /// Whether the last change has reached everybody.
    fn settling(&mut self) -> Result<Settling, CloudError>;

    /// Makes the new side as planned, or says who must.
    fn apply(&mut self, plan: &Plan) -> Result<Applied, CloudError>;

    /// Takes back what [`Cloud::apply`] made itself; says what it did.
    fn unapply(&mut self, plan: &Plan) -> Result<Vec<String>, CloudError>;

    /// Puts today's targets into the groups of the new side; says what it did.
    fn attach(&mut self, plan: &Plan) -> Result<Vec<String>, CloudError>;

    /// Takes out what [`Cloud::attach`] put in; says what it did.
    fn detach(&mut self, plan: &Plan) -> Result<Vec<String>, CloudError>;

    /// Where the new side is asked directly: host to `ADDRESS:PORT`.
    fn direct(&mut self, plan: &Plan) -> Result<BTreeMap<String, String>, CloudError>;

    /// Whether clients may go on using the new side after traffic was sent back, over connections or addresses that they keep.
    fn lingers(&self) -> bool;

    /// The groups of the new side.
    fn health(&mut self, plan: &Plan) -> Result<Vec<GroupHealth>, CloudError>;

    /// Makes the new side the only one; says what it did, and what is left to others.
    fn clean_up(&mut self, plan: &Plan) -> Result<Vec<String>, CloudError>;
}
