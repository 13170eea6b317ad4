//! What the operator agrees to: everything that a migration will do, with a hash.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hokusai_routes::diff::{Change, Diff};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::cloud::{Identity, Traffic};
use crate::probes::Budget;
use crate::step::Step;

/// A migration, before it begins. Never changed afterwards: the journal carries its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Form of this file.
    pub format: u32,
    /// When it was made, milliseconds since 1970.
    pub made_at_ms: i64,
    /// Which installation.
    pub identity: Identity,
    /// The table that carries traffic now, in our own form.
    pub current: String,
    /// The table that is to carry it, in our own form.
    pub next: String,
    /// Exactly which requests get another target.
    pub moves: Vec<Move>,
    /// Where traffic went when the plan was made: what a rollback restores.
    pub traffic_before: Traffic,
    /// Per cent on the new side, step by step; ends with 100.
    pub weights: Vec<u8>,
    /// How long all traffic stays on the new side before the old one goes, in seconds.
    pub hold_s: u64,
    /// How long resolvers keep answers after a change, in seconds.
    pub ttl_s: u64,
    /// Verifications at each step that moves traffic.
    pub rounds: u32,
    /// Health checks in a row that a new target group must pass.
    pub health_checks: u32,
    /// How long new target groups may take to become healthy, in seconds.
    pub health_wait_s: u64,
    /// Regressions that a step may show.
    pub budget: Budget,
    /// What the verifier is pointed at: URLs, and where the new side is asked directly.
    pub endpoints: Endpoints,
    /// Which old target group's targets go into a new group: new name to old name.
    pub attach: BTreeMap<String, String>,
    /// What running both sides costs, in words.
    pub cost: String,
}

/// What the verifier is pointed at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// URL of the auth service, as clients write it.
    pub auth: String,
    /// URL of the registry, as clients write it.
    pub registry: String,
    /// Addresses of the new side by host, `HOST` to `ADDRESS:PORT`; when empty, the cloud says them.
    pub direct: BTreeMap<String, String>,
    /// Addresses to use for a host in place of what its name resolves to, in all verifications.
    pub resolve: BTreeMap<String, String>,
}

/// Requests that get another target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The old rule; absent when the default action decided.
    pub old_rule: Option<String>,
    /// The new rule; absent when the default action decides.
    pub new_rule: Option<String>,
    /// The old target.
    pub from: String,
    /// The new target.
    pub to: String,
    /// A shortest request of the region, `GET auth.example.com/api`.
    pub witness: String,
}

impl From<&Change> for Move {
    fn from(change: &Change) -> Self {
        Self {
            old_rule: change.old_rule.clone(),
            new_rule: change.new_rule.clone(),
            from: change.from.clone(),
            to: change.to.clone(),
            witness: format!("{} {}", change.witness.method, change.witness.url()),
        }
    }
}

/// Why a plan can't be made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// Weights that do not rise to 100.
    #[error("the weights {0:?} must rise from 1 to 100, the last being 100")]
    Weights(Vec<u8>),
    /// The difference of the tables could not be decided.
    #[error("which requests move could not be proven: {0}")]
    Undecided(String),
    /// No verification at a step.
    #[error("each step needs at least one verification")]
    NoRounds,
}

impl Plan {
    /// The moves of a difference, or why they are not known exactly.
    pub fn moves(diff: &Diff) -> Result<Vec<Move>, InvalidPlan> {
        match diff.undecided.first() {
            Some(region) => Err(InvalidPlan::Undecided(region.clone())),
            None => Ok(diff.changes.iter().map(Move::from).collect()),
        }
    }

    /// Checks what the types do not say.
    pub fn check(&self) -> Result<(), InvalidPlan> {
        let rises = self
            .weights
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a < b));
        let is_first_sound = self.weights.first().is_some_and(|first| *first >= 1);
        if !rises || !is_first_sound || self.weights.last() != Some(&100) {
            return Err(InvalidPlan::Weights(self.weights.clone()));
        }
        if self.rounds == 0 {
            return Err(InvalidPlan::NoRounds);
        }
        Ok(())
    }

    /// SHA-256 of the plan in its canonical JSON, in hexadecimal: what the operator agrees to.
    pub fn hash(&self) -> String {
        // INVARIANT: a struct with string keys always has a JSON form, and serde_json writes fields in their order.
        let text = serde_json::to_vec(self).unwrap_or_default();
        let digest = Sha256::digest(&text);
        digest.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// The steps.
    pub fn steps(&self) -> Vec<Step> {
        Step::sequence(&self.weights)
    }
}

/// Form of the plan file that this release reads and writes.
pub const FORMAT: u32 = 1;
