//! What is asked and answered, as JSON.
//!
//! | request | body | answer |
//! | --- | --- | --- |
//! | `GET /v1/status` | – | [`Status`] |
//! | `POST /v1/reload` | [`Reload`] | [`Status`] |
//! | `POST /v1/next` | [`LoadNext`] | [`Status`] |
//! | `POST /v1/weights` | [`Weights`] | [`Status`] |
//! | `POST /v1/promote` | [`Step`] | [`Status`] |
//! | `POST /v1/rollback` | [`Step`] | [`Status`] |
//! | `GET /metrics` | – | text for Prometheus |
//!
//! What was refused is answered with 4xx and a [`Refusal`]; then nothing has changed. With `if_revision` a change happens only
//! if nobody changed anything since that revision was seen: whoever resumes after a crash sends it, and asks for the status on 409.

use serde::{Deserialize, Serialize};

/// What is enforced.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Status {
    /// Counts the changes since the process started.
    pub revision: u64,
    /// All listeners.
    pub listeners: Vec<ListenerStatus>,
    /// The table that decides about most clients.
    pub current: TableStatus,
    /// The table beside it, if one is loaded.
    pub next: Option<TableStatus>,
    /// What was current before the last promotion.
    pub previous: Option<TableStatus>,
}

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ListenerStatus {
    /// Its name.
    pub name: String,
    /// Where it listens.
    pub url: String,
    /// Percent of its clients that the next table decides about.
    pub next_percent: u8,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct TableStatus {
    /// Where it came from.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub digest: String,
    /// Rules of all listeners.
    pub rules: usize,
    /// What was proven of it.
    pub proven: Vec<String>,
    /// Why it is not proven, if it is not.
    pub unproven_because: Option<String>,
    /// Its target groups.
    pub groups: Vec<GroupStatus>,
}

/// A target group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct GroupStatus {
    /// Its name.
    pub name: String,
    /// Requests in it now.
    pub in_flight: usize,
    /// Requests that had to wait for a place so far.
    pub queued: u64,
    /// Requests that were refused for want of a place so far.
    pub full: u64,
    /// Its targets.
    pub targets: Vec<TargetStatus>,
}

/// A target.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct TargetStatus {
    /// As the table names it.
    pub name: String,
    /// What the health checks say.
    pub is_healthy: bool,
}

/// Reads the rule file again.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reload {
    /// Whether the file may change the running intent.
    pub accept_intent_change: bool,
    /// Only if this is the revision.
    pub if_revision: Option<u64>,
}

/// Loads a table beside the current one, without clients.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoadNext {
    /// What to call it; relative names of certificate files start at its directory.
    pub name: String,
    /// The table, our own TOML form: these bytes are parsed, proven and enforced.
    pub text: String,
    /// Whether it may change the running intent.
    pub accept_intent_change: bool,
    /// Only if this is the revision.
    pub if_revision: Option<u64>,
}

/// Gives the next table a share of the clients, chosen by a stable hash of their addresses.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    /// One listener, or all.
    pub listener: Option<String>,
    /// 0 to 100.
    pub next_percent: u8,
    /// Only if this is the revision.
    pub if_revision: Option<u64>,
}

/// Promotes the next table, or rolls back.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// Only if this is the revision.
    pub if_revision: Option<u64>,
}

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Refusal {
    /// In one sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
}
