//! API keys. Every change first moves the epoch, whose row orders all changes and is what other replicas watch.

use hokusai_core::key::{Environment, KeyHash, KeyRecord, RateLimit};

use crate::audit::{self, Entry};
use crate::statement::Schema;
use crate::{Row, StoreError, Tx, params, statements};

statements! {
    Auth;
    /// Locks the state and moves the epoch.
    ADVANCE = "UPDATE auth_state SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch, bootstrapped";
    /// Moves the epoch beyond any that can have been reached since a backup.
    LEAP = "UPDATE auth_state SET epoch = epoch + $1 WHERE id = 1";
    /// The epoch that readers compare.
    EPOCH = "SELECT epoch FROM auth_state WHERE id = 1";
    /// Whether this database ever had a key.
    BOOTSTRAPPED = "SELECT bootstrapped FROM auth_state WHERE id = 1";
    /// Bootstrap happens once in a database's life.
    SET_BOOTSTRAPPED = "UPDATE auth_state SET bootstrapped = 1 WHERE id = 1";
    /// A new key.
    INSERT = "INSERT INTO api_keys (id, hash, name, prefix, owner, service_id, environment, scopes, allowed_ips,
                  rate_limit_per_hour, created_at_ms, expires_at_ms, revoked_at_ms, last_used_at_ms, rotated_to, chain_id, last_refusal)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    /// Every key, for the snapshot in memory.
    ALL_KEYS = "SELECT id, hash, name, prefix, owner, service_id, environment, scopes, allowed_ips, rate_limit_per_hour,
                    created_at_ms, expires_at_ms, revoked_at_ms, last_used_at_ms, rotated_to, chain_id, last_refusal
                FROM api_keys ORDER BY created_at_ms, id";
    /// One key.
    GET = "SELECT id, hash, name, prefix, owner, service_id, environment, scopes, allowed_ips, rate_limit_per_hour,
               created_at_ms, expires_at_ms, revoked_at_ms, last_used_at_ms, rotated_to, chain_id, last_refusal
           FROM api_keys WHERE id = $1";
    /// Revokes every key of a chain of rotations that still lives then.
    REVOKE_CHAIN = "UPDATE api_keys SET revoked_at_ms = $2
                    WHERE chain_id = $1 AND (revoked_at_ms IS NULL OR revoked_at_ms > $2)";
    /// Ends the overlap of predecessors: at most one lives.
    END_OVERLAPS = "UPDATE api_keys SET revoked_at_ms = $2 WHERE chain_id = $1 AND revoked_at_ms > $2";
    /// Marks the predecessor of a rotation.
    SUPERSEDE = "UPDATE api_keys SET rotated_to = $2, revoked_at_ms = $3 WHERE id = $1";
    /// Last use and last refusal, written behind.
    TOUCH = "UPDATE api_keys SET last_used_at_ms = coalesce($2, last_used_at_ms), last_refusal = coalesce($3, last_refusal)
             WHERE id = $1";
    /// Counters of a month, written behind.
    COUNT = "INSERT INTO usage_counters AS u (key_id, period, requests, refusals) VALUES ($1, $2, $3, $4)
             ON CONFLICT (key_id, period) DO UPDATE SET requests = u.requests + excluded.requests,
                 refusals = u.refusals + excluded.refusals";
    /// Counters of a key, month by month.
    USAGE = "SELECT period, requests, refusals FROM usage_counters WHERE key_id = $1 ORDER BY period";
}

/// Whether this database ever had a key.
pub fn is_bootstrapped(tx: &mut dyn Tx) -> Result<bool, StoreError> {
    tx.query_one(&BOOTSTRAPPED, &[])?.bool(0)
}

/// Stores the first key, unless this database ever had one. Answers whether it did.
pub fn bootstrap(tx: &mut dyn Tx, key: &KeyRecord) -> Result<bool, StoreError> {
    if tx.query_one(&ADVANCE, &[])?.bool(1)? {
        return Ok(false);
    }
    tx.execute(&SET_BOOTSTRAPPED, &[])?;
    insert(tx, key)?;
    audit::append(
        tx,
        Schema::Auth,
        &entry(key.created_at_ms, "bootstrap", "key.create", &key.id, None),
    )?;
    Ok(true)
}

/// Stores a new key.
pub fn create(
    tx: &mut dyn Tx,
    key: &KeyRecord,
    actor: &str,
    client_ip: Option<&str>,
) -> Result<(), StoreError> {
    tx.query_one(&ADVANCE, &[])?;
    tx.execute(&SET_BOOTSTRAPPED, &[])?;
    insert(tx, key)?;
    audit::append(
        tx,
        Schema::Auth,
        &entry(key.created_at_ms, actor, "key.create", &key.id, client_ip),
    )
}

/// Revokes a key with its rotation predecessors and successors. Answers whether there is such a key.
pub fn revoke(
    tx: &mut dyn Tx,
    id: &str,
    now_ms: i64,
    actor: &str,
    client_ip: Option<&str>,
) -> Result<bool, StoreError> {
    tx.query_one(&ADVANCE, &[])?;
    let Some(key) = get(tx, id)? else {
        return Ok(false);
    };
    tx.execute(&REVOKE_CHAIN, &params![&key.chain_id, now_ms])?;
    audit::append(
        tx,
        Schema::Auth,
        &entry(now_ms, actor, "key.revoke", id, client_ip),
    )?;
    Ok(true)
}

/// Replaces a key that is active and was not rotated before. The old one ends at `overlap_ends_ms`. Answers whether it happened.
pub fn rotate(
    tx: &mut dyn Tx,
    old_id: &str,
    new: &KeyRecord,
    overlap_ends_ms: i64,
    actor: &str,
    client_ip: Option<&str>,
) -> Result<bool, StoreError> {
    tx.query_one(&ADVANCE, &[])?;
    let rotatable =
        get(tx, old_id)?.filter(|old| old.is_active(new.created_at_ms) && old.rotated_to.is_none());
    let Some(old) = rotatable else {
        return Ok(false);
    };
    tx.execute(&END_OVERLAPS, &params![&old.chain_id, new.created_at_ms])?;
    insert(tx, new)?;
    let ends_ms = old
        .expires_at_ms
        .map_or(overlap_ends_ms, |expiry| expiry.min(overlap_ends_ms));
    tx.execute(&SUPERSEDE, &params![old_id, &new.id, ends_ms])?;
    audit::append(
        tx,
        Schema::Auth,
        &entry(new.created_at_ms, actor, "key.rotate", old_id, client_ip),
    )?;
    Ok(true)
}

/// Makes the epoch leap, so that no replica takes a restored database for the one that it knew.
pub fn leap(tx: &mut dyn Tx) -> Result<(), StoreError> {
    tx.execute(&LEAP, &params![EPOCHS_PER_RESTORE])?;
    Ok(())
}

/// One key.
pub fn get(tx: &mut dyn Tx, id: &str) -> Result<Option<KeyRecord>, StoreError> {
    tx.query_opt(&GET, &params![id])?
        .map(|row| read(&row))
        .transpose()
}

/// The epoch and every key, of one moment.
pub fn snapshot(tx: &mut dyn Tx) -> Result<(i64, Vec<KeyRecord>), StoreError> {
    let epoch = epoch(tx)?;
    let keys = tx
        .query(&ALL_KEYS, &[])?
        .iter()
        .map(read)
        .collect::<Result<_, _>>()?;
    Ok((epoch, keys))
}

/// The epoch: it moves with every change to a key.
pub fn epoch(tx: &mut dyn Tx) -> Result<i64, StoreError> {
    tx.query_one(&EPOCH, &[])?.int(0)
}

/// What a key did since the last flush.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// The key.
    pub key_id: String,
    /// The month, as `YYYY-MM`.
    pub period: String,
    /// Requests that it was let through with.
    pub requests: i64,
    /// Requests that were refused.
    pub refusals: i64,
    /// When it was last let through; milliseconds since 1970.
    pub last_used_at_ms: Option<i64>,
    /// Why it was last refused.
    pub last_refusal: Option<String>,
}

/// Writes what keys did, in the order of their ids so that two replicas cannot deadlock.
pub fn record_activity(tx: &mut dyn Tx, activities: &[Activity]) -> Result<(), StoreError> {
    let mut sorted: Vec<&Activity> = activities.iter().collect();
    sorted.sort_by(|a, b| a.key_id.cmp(&b.key_id));
    for activity in sorted {
        tx.execute(
            &TOUCH,
            &params![
                &activity.key_id,
                activity.last_used_at_ms,
                activity.last_refusal.clone()
            ],
        )?;
        tx.execute(
            &COUNT,
            &params![
                &activity.key_id,
                &activity.period,
                activity.requests,
                activity.refusals
            ],
        )?;
    }
    Ok(())
}

/// Writes refused attempts, in aggregate, to the audit log.
pub fn record_refusals(tx: &mut dyn Tx, entries: &[Entry]) -> Result<(), StoreError> {
    entries
        .iter()
        .try_for_each(|entry| audit::append(tx, Schema::Auth, entry))
}

/// A key's counters by month: period, requests, refusals.
pub fn usage(tx: &mut dyn Tx, id: &str) -> Result<Vec<(String, i64, i64)>, StoreError> {
    tx.query(&USAGE, &params![id])?
        .iter()
        .map(|row| Ok((row.text(0)?, row.int(1)?, row.int(2)?)))
        .collect()
}

fn insert(tx: &mut dyn Tx, key: &KeyRecord) -> Result<(), StoreError> {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let ips: Vec<String> = key.allowed_ips.iter().map(ToString::to_string).collect();
    tx.execute(
        &INSERT,
        &params![
            &key.id,
            key.hash.0,
            &key.name,
            &key.prefix,
            &key.owner,
            &key.service_id,
            key.environment.as_str(),
            scopes.join(" "),
            ips.join(" "),
            key.rate_limit.map(|limit| limit.per_hour),
            key.created_at_ms,
            key.expires_at_ms,
            key.revoked_at_ms,
            key.last_used_at_ms,
            key.rotated_to.clone(),
            &key.chain_id,
            key.last_refusal.clone()
        ],
    )?;
    Ok(())
}

fn read(row: &Row) -> Result<KeyRecord, StoreError> {
    let damaged = |reason: &str| StoreError::Damaged {
        what: "API key",
        reason: reason.to_owned(),
    };
    Ok(KeyRecord {
        id: row.text(0)?,
        hash: KeyHash(
            row.bytes(1)?
                .try_into()
                .map_err(|_| damaged("the hash is not 32 bytes long"))?,
        ),
        name: row.text(2)?,
        prefix: row.text(3)?,
        owner: row.text(4)?,
        service_id: row.text(5)?,
        environment: Environment::parse(&row.text(6)?)
            .ok_or_else(|| damaged("unknown environment"))?,
        scopes: row
            .text(7)?
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| damaged("unknown scope"))?,
        allowed_ips: row
            .text(8)?
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| damaged("unreadable address range"))?,
        rate_limit: row
            .opt_int(9)?
            .map(|per_hour| u32::try_from(per_hour).map(|per_hour| RateLimit { per_hour }))
            .transpose()
            .map_err(|_| damaged("rate limit out of range"))?,
        created_at_ms: row.int(10)?,
        expires_at_ms: row.opt_int(11)?,
        revoked_at_ms: row.opt_int(12)?,
        last_used_at_ms: row.opt_int(13)?,
        rotated_to: row.opt_text(14)?,
        chain_id: row.text(15)?,
        last_refusal: row.opt_text(16)?,
    })
}

fn entry(at_ms: i64, actor: &str, action: &str, target: &str, client_ip: Option<&str>) -> Entry {
    Entry {
        at_ms,
        actor: actor.to_owned(),
        action: action.to_owned(),
        target: target.to_owned(),
        client_ip: client_ip.map(str::to_owned),
    }
}

/// More changes to keys than are made between a backup and its restore, by far.
const EPOCHS_PER_RESTORE: i64 = 1 << 32;
